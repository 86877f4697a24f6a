/** `npm start -- --once`, as users run it. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { cgroup2Mount } from '../../lab/cgroup.ts'
import { PROJECT } from '../../lab/daemon.ts'
import { needsRoot } from './mesh.ts'

/** Everything of ours that one can find on a machine. */
function traces(): string[] {
  const named = (folder: string): string[] =>
    existsSync(folder) ? readdirSync(folder).filter((name) => name.startsWith('kmesh-start')) : []
  const mounts = readFileSync('/proc/self/mounts', 'utf8').split('\n')
  return [
    ...named(cgroup2Mount()).map((name) => `cgroup ${name}`),
    ...named('/run/netns').map((name) => `namespace ${name}`),
    ...mounts.filter((line) => line.includes('kmesh-start')).map((line) => `mount ${line}`),
  ]
}

t.test('the demo routes all requests, splits them as the rules say, and leaves nothing', needsRoot, async (t) => {
  const folders = (): string[] => readdirSync(tmpdir()).filter((name) => /^kmesh-[A-Za-z0-9]{6}$/.test(name))
  const before = folders()
  const child = spawn(process.execPath, [join(PROJECT, 'dist', 'cli', 'start', 'main.js'), '--once', '-o', 'json'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text
  })
  await once(child, 'close')
  t.equal(child.exitCode, 0)
  const result = JSON.parse(output.trim().split('\n').at(-1) ?? '') as Record<string, unknown>
  t.match(result, {
    ok: true,
    failed: 0,
    requests: Number,
    versions: { v1: Number, v2: Number },
    lanes: { connect: Number },
  })
  t.same(traces(), [])
  t.same(
    folders().filter((name) => !before.includes(name)),
    [],
  )
})

t.test('what it does not know is refused in one line', async (t) => {
  const child = spawn(process.execPath, [join(PROJECT, 'dist', 'cli', 'start', 'main.js'), '--onse'], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let complaint = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaint += text
  })
  await once(child, 'close')
  t.equal(child.exitCode, 2)
  t.match(complaint, /^npm start: --onse is not known here\n/)
})
