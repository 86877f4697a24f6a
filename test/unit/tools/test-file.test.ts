import { existsSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { runTestFile } from '../../../tools/test-file.ts'

const scale = Number(process.env['KMESH_TIME_SCALE'] ?? 1)
const never = new AbortController().signal
const totals = (pass: number, fail: number) =>
  `console.log('# { total: ${pass + fail}, pass: ${pass}, fail: ${fail} }');`

const run = (t: Test, source: string, seconds = 60 * scale, interrupt = never) =>
  runTestFile(join(t.testdir({ 'x.mjs': source }), 'x.mjs'), seconds, interrupt)

t.test('a file that passes', async (t) => {
  t.match(await run(t, totals(3, 0)), { passed: 3, failed: 0, failures: [] })
})

t.test('a file with no standard input, and its time limit in TAP_TIMEOUT', async (t) => {
  const source = `process.stdin.on('end', () => {
    console.log('ok 1 - ' + process.env.TAP_TIMEOUT + ' # SKIP'); ${totals(1, 0)}
  }).resume()`
  t.match(await run(t, source, 77), { passed: 1, skipped: ['77'] })
})

t.test('a file that crashes is a failure, with what it wrote to stderr', async (t) => {
  const outcome = await run(t, 'throw new Error("no such thing")')
  t.match(outcome, { passed: 0, failed: 1, failures: [{ name: 'ended with 1 before its last test' }] })
  t.match(outcome.failures[0]?.details.join('\n'), 'no such thing')
})

t.test('a file that fails after its tests passed is a failure', async (t) => {
  t.match(await run(t, `${totals(2, 0)} process.exit(4)`), {
    passed: 2,
    failed: 1,
    failures: [{ name: 'ended with 4' }],
  })
})

t.test('a file that fails by its tests counts just those', async (t) => {
  t.match(await run(t, `${totals(2, 1)} process.exit(1)`), { passed: 2, failed: 1, failures: [] })
})

t.test('a process that a file leaves behind is a failure, and ended', async (t) => {
  const source = `import { spawn } from 'node:child_process'
    import { writeFileSync } from 'node:fs'
    const child = spawn('sleep', ['1000'], { stdio: 'inherit' })
    child.unref()
    writeFileSync(new URL('./pid', import.meta.url), String(child.pid))
    ${totals(1, 0)}`
  const outcome = await run(t, source)
  t.match(outcome, { passed: 1, failed: 1, failures: [{ name: 'left running: sleep 1000' }] })
})

t.test('an interrupt ends a file and what it started', async (t) => {
  const interrupt = new AbortController()
  const started = join(t.testdirName, 'started')
  const outcome = run(
    t,
    `import { spawn } from 'node:child_process'
    import { writeFileSync } from 'node:fs'
    spawn('sleep', ['1000'])
    writeFileSync(new URL('./started', import.meta.url), '')`,
    60,
    interrupt.signal,
  )
  while (!existsSync(started)) await new Promise((resolve) => setTimeout(resolve, 20))
  interrupt.abort()
  t.match(await outcome, { failed: 1, failures: [{ name: 'ended with SIGTERM before its last test' }] })
})
