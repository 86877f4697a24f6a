/** Commands that need no daemon, on a data plane whose daemon is gone. */
import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, rmdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { cleanup } from '../../controller/kernel/cleanup.ts'
import type { Log } from '../../controller/kernel/error.ts'
import { openDataplane } from '../../controller/kernel/open.ts'
import { makeLabCgroup } from '../../lab/cgroup.ts'
import { UndoStack } from '../../lab/undo.ts'

const KMESHCTL = join(import.meta.dirname, '..', '..', '..', 'bin', 'kmeshctl')
const quiet = (): void => undefined
const log: Log = { debug: quiet, info: quiet, warn: quiet, error: quiet }

t.setTimeout(0)

interface Ended {
  readonly status: number
  readonly output: string
  readonly complaint: string
}

function kmeshctl(...args: readonly string[]): Promise<Ended> {
  return new Promise((resolve) => {
    const child = execFile(KMESHCTL, args, (_, output, complaint) =>
      resolve({ status: child.exitCode ?? -1, output, complaint }),
    )
  })
}

interface Checks {
  readonly ok: boolean
  readonly checks: readonly { name: string; result: string; found: string; consequence: string }[]
}

t.test('without a daemon', { skip: process.getuid?.() === 0 ? false : 'needs root' }, async (t) => {
  const undo = new UndoStack()
  t.teardown(() => undo.run())
  const name = `kmesh-test-offline-${process.pid}`
  const cgroup = makeLabCgroup(undo, name)
  const folder = mkdtempSync(join(tmpdir(), `${name}-`))
  undo.push('folder', () => rmdirSync(folder))
  const bpfFs = join(folder, 'bpf')
  undo.push('pins', () => void cleanup(bpfFs, log))
  const nobody = ['--socket', join(folder, 'nobody.sock'), '--bpf-fs-path', bpfFs]

  await t.test('where nothing is pinned, nothing can run', async (t) => {
    const { status, complaint } = await kmeshctl('run', ...nobody, '--', 'true')
    t.equal(status, 3)
    t.match(complaint, /^kmeshctl: no daemon at .*nobody.sock, and nothing is pinned at .*\n$/)
    t.match(await kmeshctl('cleanup', '--bpf-fs-path', bpfFs), { status: 0, output: 'nothing to remove\n' })
    t.match(JSON.parse((await kmeshctl('cleanup', '--bpf-fs-path', bpfFs, '-o', 'json')).output), {
      removed: [],
      left: [],
    })
  })

  await t.test('check finds what is there, and changes nothing', async (t) => {
    const { status, output } = await kmeshctl('check', '--cgroup2-path', cgroup, '--bpf-fs-path', bpfFs, '-o', 'json')
    const { ok, checks } = JSON.parse(output) as Checks
    t.equal(ok, status === 0)
    const by = new Map(checks.map((check) => [check.name, check]))
    for (const found of [
      'kernel',
      'processor',
      'jit',
      'build',
      'privileges',
      'cgroup2',
      'bpffs',
      'programs',
      'hooks',
    ]) {
      t.ok(by.has(found), found)
    }
    t.match(by.get('programs'), { result: 'ok' })
    t.match(by.get('cgroup2'), { result: 'ok', found: cgroup })
    t.match(by.get('bpffs'), { result: 'warn', consequence: /kmeshd mounts one there/ })
    t.notOk(existsSync(bpfFs))
    t.match(await kmeshctl('check', '--cgroup2-path', '/proc', '--bpf-fs-path', bpfFs), {
      status: 1,
      output: /^fail {2}cgroup2 +\/proc: .* is not a directory of a cgroup2 filesystem/m,
    })
  })

  const dataplane = openDataplane({ cgroupPath: cgroup, bpfFsPath: bpfFs, log, socketLane: false })
  undo.push('data plane', () => dataplane.close())
  dataplane.activate()

  await t.test('run makes a member of the pinned maps', async (t) => {
    const before = dataplane.verdicts()
    const connect = 'echo | timeout 5 bash -c "cat < /dev/tcp/127.0.0.1/9" 2>/dev/null; cat /proc/self/cgroup; exit 4'
    const { status, output, complaint } = await kmeshctl('run', ...nobody, '--', 'sh', '-c', connect)
    t.match({ status, complaint }, { status: 4, complaint: '' })
    t.match(output, new RegExp(`/${name}/kmesh-run-\\d+$`, 'm'))
    t.equal(dataplane.verdicts().VERDICT_NO_SERVICE - before.VERDICT_NO_SERVICE, 1n, 'the programs saw its connect')
    t.same(dataplane.members.list(), [], 'and it is no member any more')
    t.same(
      readdirSync(cgroup).filter((entry) => entry.startsWith('kmesh-')),
      [],
    )
  })

  await t.test('programs of a running daemon are none of others', async (t) => {
    const { output } = await kmeshctl('check', '--cgroup2-path', cgroup, '--bpf-fs-path', bpfFs)
    t.match(output, /^ok +hooks +no programs of others$/m)
    t.match(output, /^ok +bpffs .* with the state of a kmeshd/m)
    const elsewhere = await kmeshctl('check', '--cgroup2-path', cgroup, '--bpf-fs-path', join(folder, 'other'))
    t.match(elsewhere.output, /^warn +hooks +connect4: program kmesh_connect4 \(id \d+\) of somebody else/m)
  })

  await t.test('cleanup refuses while a daemon works on the pins, then takes everything', async (t) => {
    t.match(await kmeshctl('cleanup', '--bpf-fs-path', bpfFs), { status: 1, complaint: /^kmeshctl: .+\n$/ })
    t.ok(existsSync(join(bpfFs, 'kmesh')))
    dataplane.close()
    const { status, output, complaint } = await kmeshctl('cleanup', '--bpf-fs-path', bpfFs, '-o', 'json')
    t.match({ status, complaint }, { status: 0, complaint: '' })
    const { removed, left } = JSON.parse(output) as { removed: string[]; left: string[] }
    t.ok(removed.includes('attachment connect4'), removed.join(', '))
    t.same(left, [])
    t.notOk(existsSync(bpfFs))
  })

  await t.test('all is undone', async (t) => t.same(await undo.run(), []))
})
