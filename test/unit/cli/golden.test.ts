/**
 * bin/kmeshctl itself against the real admin server: what it prints and how it ends.
 * golden/NAME.txt holds the sessions; UPDATE=1 writes them anew.
 */
import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { listenUnix } from '../../../controller/admin/server.ts'
import { MemoryApi, RELOAD } from '../../support/memory-api.ts'

const ROOT = join(import.meta.dirname, '..', '..', '..', '..')
const GOLDEN = join(ROOT, 'test', 'unit', 'cli', 'golden')

// Some sixty processes, on whatever machine.
t.setTimeout(300_000 * Number(process.env['KMESH_TIME_SCALE'] ?? 1))

const folder = mkdtempSync(join(tmpdir(), `kmesh-test-cli-${process.pid}-`))
t.teardown(() => rmSync(folder, { recursive: true, force: true }))

interface Step {
  readonly args: readonly string[]
  /** what happens to the daemon before */
  readonly before?: (api: MemoryApi) => void
}

const BROKEN_RELOAD = { ...RELOAD, ok: false, error: 'mesh/a.yaml:3: not YAML' }

const run = (...args: readonly string[]): Step => ({ args })

const SESSIONS: Readonly<Record<string, readonly Step[]>> = {
  status: [
    run('status'),
    run('status', '-o', 'json'),
    {
      args: ['status'],
      before: (api) => api.set({ ready: false, reloadResult: BROKEN_RELOAD }),
    },
  ],
  maps: [run('maps'), run('maps', '-o', 'json')],
  conns: [run('conns'), run('conns', '--limit', '1'), run('-o', 'json', 'conns'), run('conns', '--limit', 'x')],
  explain: [
    run('explain'),
    run('explain', '-o', 'json'),
    { args: ['explain'], before: (api) => api.set({ problemList: [] }) },
  ],
  dump: [run('dump'), run('dump', 'members'), run('dump', 'services', '--output=json'), run('dump', 'nothing')],
  log: [
    run('log'),
    run('log', 'kernel'),
    run('log', '--set', 'kernel:debug'),
    run('log', 'kernel', '-o', 'json'),
    run('log', '--set', 'nope:debug'),
    run('log', '--set', 'kernel'),
    run('log', 'nope'),
  ],
  monitoring: [
    run('monitoring'),
    run('monitoring', '--accesslog', 'enable'),
    run('monitoring'),
    run('monitoring', '--all', 'disable', '-o', 'json'),
    run('monitoring', '--all', 'perhaps'),
  ],
  reload: [
    run('reload'),
    run('reload', '-o', 'json'),
    {
      args: ['reload'],
      before: (api) => api.set({ reloadResult: BROKEN_RELOAD }),
    },
  ],
  enroll: [
    run('enroll', '--cgroup', '/sys/fs/cgroup/shop', '--namespace', 'shop'),
    run('enroll', '--cgroup', '/sys/fs/cgroup/shop'),
    run('enroll', '--netns', 'blue', '--workload', 'default/reviews-v1', '-o', 'json'),
    run('enroll', '--pid', '12'),
    run('enroll', '--pid', '12', '--leave'),
    run('enroll', '--pid', '12', '--leave'),
    run('enroll'),
    run('enroll', '--pid', '1', '--netns', 'x'),
    run('enroll', '--pid', '-1'),
    run('enroll', '--pid', '1', '--namespace', 'Not A Namespace'),
  ],
  bypass: [
    run('enroll', '--pid', '12', '--workload', 'default/reviews-v1'),
    run('bypass', 'default/reviews-v1', 'on'),
    run('bypass', '--pid', '12', 'off'),
    run('bypass', 'default/reviews-v1', 'on', '-o', 'json'),
    run('bypass', 'nobody', 'on'),
    run('bypass', 'on'),
    run('bypass', '--pid', '12', 'maybe'),
    run('bypass'),
  ],
  mistakes: [run(), run('nope'), run('status', '--nope'), run('-o', 'xml', 'status')],
  fault: [{ args: ['status'], before: (api) => api.set({ fault: new Error('a bug\nof two lines') }) }],
}

function kmeshctl(args: readonly string[], socket: string): Promise<string> {
  return new Promise((resolve) => {
    const child = spawn(join(ROOT, 'bin', 'kmeshctl'), args, {
      env: { ...process.env, KMESH_SOCKET: socket, COLUMNS: '200' },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let text = `$ kmeshctl ${args.join(' ')}\n`
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
    child.on('close', (code) => resolve(`${text}=> ${code}\n\n`))
  })
}

for (const [name, steps] of Object.entries(SESSIONS)) {
  t.test(`kmeshctl: ${name}`, async (t) => {
    t.setTimeout(0)
    const api = new MemoryApi()
    const socket = join(folder, `${name}.sock`)
    const listener = await listenUnix(api, socket, () => undefined)
    let session = ''
    for (const { args, before } of steps) {
      before?.(api)
      session += await kmeshctl(args, socket)
    }
    await listener.close()
    const file = join(GOLDEN, `${name}.txt`)
    if (process.env['UPDATE'] === '1') writeFileSync(file, session)
    t.equal(session, existsSync(file) ? readFileSync(file, 'utf8') : '')
  })
}

t.test('without a daemon every command that needs one says so, and ends with 3', async (t) => {
  const socket = join(folder, 'nobody.sock')
  const commands = ['status', 'maps', 'conns', 'explain', 'dump', 'log', 'monitoring', 'reload', 'enroll --pid 1']
  const ask = async (command: string) => {
    const said = `kmeshctl: no daemon at ${socket}: is kmeshd running?\n=> 3\n\n`
    t.equal(await kmeshctl(command.split(' '), socket), `$ kmeshctl ${command}\n${said}`)
  }
  await Promise.all([...commands, 'bypass x on'].map(ask))
  t.match(await kmeshctl(['version'], socket), /daemon version: none \(no daemon at .*\)\n=> 0/)
  t.match(await kmeshctl(['version', '-o', 'json'], socket), /"daemon": null/)
})

t.test('the socket is taken from the flag, wherever it stands, before the environment', async (t) => {
  const socket = join(folder, 'flag.sock')
  const listener = await listenUnix(new MemoryApi(), socket, () => undefined)
  const nobody = join(folder, 'nobody.sock')
  t.match(await kmeshctl(['log', '--socket', socket], nobody), /Existing Loggers/)
  t.match(await kmeshctl(['--socket', socket, 'log'], nobody), /Existing Loggers/)
  t.match(await kmeshctl(['version'], socket), /kmesh-daemon version: v1.2.3-0123456 \(1 daemon\)\n=> 0/)
  await listener.close()
})

t.test('a reader that ends early is no failure', async (t) => {
  const socket = join(folder, 'pipe.sock')
  const listener = await listenUnix(new MemoryApi(), socket, () => undefined)
  const child = spawn('sh', ['-c', '{ "$0" dump; echo $? >&2; } | true', join(ROOT, 'bin', 'kmeshctl')], {
    env: { ...process.env, KMESH_SOCKET: socket },
  })
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (said += chunk))
  await new Promise((resolve) => child.on('close', resolve))
  t.equal(said, '0\n')
  await listener.close()
})
