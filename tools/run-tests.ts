/**
 * `npm test`: linters and the check of the generated code, then every test file.
 * Arguments select by a part of the name. The last line is `N passed, N failed`.
 */
import { spawn } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import type { Outcome } from './tap-output.ts'
import { add, nothing, runTestFile } from './test-file.ts'

interface Job {
  readonly name: string
  /** Uses cgroups, namespaces or programs of the machine: runs while no other does. */
  readonly alone: boolean
  run(interrupt: AbortSignal): Promise<Outcome>
}

const root = join(import.meta.dirname, '..', '..')
const LINTERS = ['biome', 'eslint', 'clang-format', 'shellcheck']
const FILE_SECONDS = Number(process.env['KMESH_FILE_SECONDS'] ?? 300 * Number(process.env['KMESH_TIME_SCALE'] ?? 1))

function allJobs(): readonly Job[] {
  const generated = join(root, 'dist', 'tools', 'codegen.js')
  return [
    ...LINTERS.map((name) => check(`lint/${name}`, 'sh', [join(root, 'tools', 'lint.sh'), name])),
    check('generated layouts', process.execPath, [generated, '--check']),
    ...testSources().map(testFile),
  ]
}

/** By the sources: what was compiled from a file that is gone stays in dist/ and must not run. */
function testSources(): readonly string[] {
  return readdirSync(join(root, 'test'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.test.ts'))
    .sort()
}

function testFile(source: string): Job {
  const compiled = join(root, 'dist', 'test', source.replace(/\.ts$/, '.js'))
  return {
    name: source,
    alone: !source.startsWith('unit/'),
    run: (interrupt) =>
      existsSync(compiled)
        ? runTestFile(compiled, FILE_SECONDS, interrupt)
        : Promise.resolve({ ...nothing, failed: 1, failures: [{ name: 'not compiled: npm run build', details: [] }] }),
  }
}

/** A command that counts as one test: its status says whether it passed; 3 means that its tool is not installed. */
function check(name: string, command: string, args: readonly string[]): Job {
  const run = async (interrupt: AbortSignal): Promise<Outcome> => {
    const child = spawn(command, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'], signal: interrupt })
    let output = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text
      })
    }
    const status = await new Promise<number | null>((resolve) => {
      child.on('error', () => resolve(null)).on('close', resolve)
    })
    if (status === 0) return { ...nothing, passed: 1 }
    if (status === 3) return { ...nothing, skipped: [output.trim()] }
    return { ...nothing, failed: 1, failures: [{ name, details: output.trimEnd().split('\n') }] }
  }
  return { name, alone: false, run }
}

/** Runs the jobs, at most `width` at a time. */
async function runAll(jobs: readonly Job[], width: number, interrupt: AbortSignal): Promise<Outcome> {
  const waiting = [...jobs]
  let sum = nothing
  const worker = async () => {
    for (let job = waiting.shift(); job !== undefined && !interrupt.aborted; job = waiting.shift()) {
      const started = Date.now()
      const outcome = await job.run(interrupt)
      if (interrupt.aborted) return
      report(job.name, outcome, (Date.now() - started) / 1000)
      sum = add(sum, { ...outcome, skipped: outcome.skipped.map((name) => `${job.name}: ${name}`) })
    }
  }
  await Promise.all(Array.from({ length: width }, worker))
  return sum
}

function report(name: string, { passed, failed, skipped, failures }: Outcome, seconds: number): void {
  const counts = [`${passed} passed`, ...(failed > 0 ? [`${failed} failed`] : [])]
  if (skipped.length > 0) counts.push(`${skipped.length} skipped`)
  console.log(`${failed > 0 ? 'FAIL' : 'ok  '} ${name}: ${counts.join(', ')} (${seconds.toFixed(1)} s)`)
  for (const failure of failures) {
    console.log(`     ${failure.name}`)
    for (const line of failure.details) console.log(`       ${line}`)
  }
}

async function main(wanted: readonly string[]): Promise<number> {
  const jobs = allJobs().filter(({ name }) => wanted.length === 0 || wanted.some((part) => name.includes(part)))
  const interrupt = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => interrupt.abort())

  const beside = jobs.filter(({ alone }) => !alone)
  const alone = jobs.filter((job) => job.alone)
  const together = await runAll(beside, Math.min(availableParallelism(), 4), interrupt.signal)
  const outcome = add(together, await runAll(alone, 1, interrupt.signal))
  if (interrupt.signal.aborted) {
    console.log('interrupted')
    return 130
  }
  for (const name of outcome.skipped) console.log(`skipped: ${name}`)
  if (jobs.length === 0) console.log(`no test matches ${wanted.join(' ')}`)
  const skips = outcome.skipped.length > 0 ? `, ${outcome.skipped.length} skipped` : ''
  console.log(`${outcome.passed} passed, ${outcome.failed} failed${skips}`)
  return outcome.failed === 0 && outcome.passed > 0 ? 0 : 1
}

process.exitCode = await main(process.argv.slice(2))
