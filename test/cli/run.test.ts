/** `kmeshctl run`: the program is a member from its first moment, and nothing is left of it in any case. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { listenUnix } from '../../controller/admin/server.ts'
import { makeLabCgroup } from '../../lab/cgroup.ts'
import { UndoStack } from '../../lab/undo.ts'
import { MemoryApi } from '../support/memory-api.ts'

const KMESHCTL = join(import.meta.dirname, '..', '..', '..', 'bin', 'kmeshctl')
const PATIENCE_MS = 20_000 * Number(process.env['KMESH_TIME_SCALE'] ?? 1)

t.setTimeout(0)

const skip = process.getuid?.() === 0 ? false : 'needs root'

/** A zombie has ended; whoever adopted it has not looked yet. */
function isRunning(pid: string): boolean {
  const stat = `/proc/${pid}/stat`
  return existsSync(stat) && !/\) Z /.test(readFileSync(stat, 'utf8'))
}

interface Ended {
  readonly status: number | null
  readonly output: string
  readonly complaint: string
}

t.test('with a daemon', { skip }, async (t) => {
  const undo = new UndoStack()
  const folder = mkdtempSync(join(tmpdir(), `kmesh-test-run-${process.pid}-`))
  undo.push('folder', () => rmSync(folder, { recursive: true }))
  const cgroup = makeLabCgroup(undo, `kmesh-test-cli-${process.pid}`)
  const socket = join(folder, 'admin.sock')
  const api = new MemoryApi()
  api.set({ cgroup2: cgroup })
  const listener = await listenUnix(api, socket, () => undefined)
  undo.push('daemon', () => listener.close())
  t.teardown(() => undo.run())

  const start = (...args: readonly string[]): ChildProcess =>
    spawn(KMESHCTL, ['run', '--socket', socket, ...args], { stdio: ['pipe', 'pipe', 'pipe'] })
  const wait = async (child: ChildProcess): Promise<Ended> => {
    let [output, complaint] = ['', '']
    child.stdout?.setEncoding('utf8').on('data', (text: string) => (output += text))
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (complaint += text))
    child.stdin?.end()
    await once(child, 'close')
    return { status: child.exitCode, output, complaint }
  }
  const run = (...args: readonly string[]) => wait(start(...args))
  const groups = () => readdirSync(cgroup).filter((name) => name.startsWith('kmesh-run-'))
  const until = async (what: string, condition: () => boolean | Promise<boolean>) => {
    for (const end = Date.now() + PATIENCE_MS; !(await condition()); await sleep(10)) {
      if (Date.now() > end) throw new Error(`${what}: not within ${PATIENCE_MS} ms`)
    }
  }
  const nothingLeft = async (message: string) => {
    t.same(groups(), [], `${message}: no cgroup`)
    t.same(await api.members(), [], `${message}: no member`)
  }

  await t.test('the program is in a cgroup of its own, which is a member', async (t) => {
    const child = start(
      '--namespace',
      'shop',
      '--workload',
      'shop/cart',
      '--',
      'sh',
      '-c',
      'cat /proc/self/cgroup; cat',
    )
    const ended = wait(child)
    const name = `kmesh-run-${child.pid}`
    await until('member', async () => (await api.members()).length > 0)
    t.match(await api.members(), [
      {
        path: join(cgroup, name),
        namespace: 'shop',
        workload: 'shop/cart',
        name: `sh (kmeshctl run, pid ${child.pid})`,
      },
    ])
    const { status, output } = await ended
    t.equal(status, 0)
    t.match(
      output.split('\n').find((line) => line.startsWith('0::')),
      new RegExp(`/${name}$`),
    )
    await nothingLeft('afterwards')
  })

  await t.test('input, output and exit status are its own', async (t) => {
    const child = start('--', 'sh', '-c', 'read line; echo "got $line"; echo oops >&2; exit 7')
    child.stdin?.write('hello\n')
    t.same(await wait(child), { status: 7, output: 'got hello\n', complaint: 'oops\n' })
    await nothingLeft('status 7')
    t.equal((await run('--', 'sh', '-c', 'kill -TERM $$')).status, 128 + 15)
    t.equal((await run('sh', '-c', 'kill -KILL $$')).status, 128 + 9, 'without -- too')
    t.equal((await run('--', 'echo', '--help', '-o')).output, '--help -o\n', 'its options are its own')
    await nothingLeft('signals')
  })

  await t.test('signals are passed to it', async (t) => {
    for (const [signal, number] of [
      ['SIGTERM', 15],
      ['SIGHUP', 1],
      ['SIGUSR1', 10],
      ['SIGINT', 2],
    ] as const) {
      const child = start(
        '--',
        'sh',
        '-c',
        `trap 'echo got; exit ${number}' ${number}; echo up; while :; do sleep 0.01; done`,
      )
      const ended = wait(child)
      await once(child.stdout ?? child, 'data')
      child.kill(signal)
      t.match(await ended, { status: number, output: 'up\ngot\n' }, signal)
    }
    await nothingLeft('signals')
  })

  await t.test('when kmeshctl is killed, the program ends and nothing is left', async (t) => {
    const child = start('--', 'sh', '-c', 'echo $$; sleep 1000; sleep 1000')
    const [pid] = (await once(child.stdout ?? child, 'data')) as [Buffer]
    t.equal(groups().length, 1)
    child.kill('SIGKILL')
    await once(child, 'close')
    await until('clean-up', async () => groups().length === 0 && (await api.members()).length === 0)
    t.notOk(isRunning(String(pid).trim()))
  })

  await t.test('what it leaves behind goes on, outside', async (t) => {
    const { status, output, complaint } = await run(
      '--',
      'sh',
      '-c',
      'mkdir "$0/$(basename $(sed -n s,0::,,p /proc/self/cgroup))/below"; sleep 1000 >/dev/null 2>&1 & echo $!',
      cgroup,
    )
    const pid = Number(output)
    t.teardown(() => process.kill(pid, 'SIGKILL'))
    t.equal(status, 0)
    t.match(complaint, /^kmeshctl: 1 process of it left, outside of the mesh\n$/)
    t.ok(existsSync(`/proc/${pid}`))
    await nothingLeft('leftover')
  })

  await t.test('it can run in another network namespace', async (t) => {
    const other = spawn('unshare', ['--net', 'sh', '-c', 'echo up; exec sleep 1000'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    t.teardown(() => other.kill('SIGKILL'))
    await once(other.stdout, 'data')
    const path = `/proc/${other.pid}/ns/net`
    t.match(await run('--netns', path, '--', 'readlink', '/proc/self/ns/net'), {
      status: 0,
      output: `${readlinkSync(path)}\n`,
      complaint: '',
    })
    t.match(await run('--netns', '/nowhere', '--', 'true'), { status: 1, complaint: /cannot enter .*\/nowhere/ })
    await nothingLeft('namespaces')
  })

  await t.test('a program that is not there is told as by a shell', async (t) => {
    t.match(await run('--', 'no-such-program'), {
      status: 127,
      complaint: 'kmeshctl: no-such-program: no such program\n',
    })
    t.match(await run('--', '/etc/passwd'), { status: 126, complaint: 'kmeshctl: /etc/passwd: permission denied\n' })
    t.match(await run(), { status: 2, complaint: /missing required argument/ })
    await nothingLeft('no program')
  })

  await t.test('where the daemon refuses, nothing is left', async (t) => {
    t.match(await run('--namespace', 'Not One', '--', 'true'), { status: 1, complaint: /namespace: not a namespace/ })
    await nothingLeft('refused')
  })

  await t.test('where the daemon goes away meanwhile, the status is still passed on', async (t) => {
    const child = start('--bpf-fs-path', folder, '--', 'sh', '-c', 'echo up; read line; exit 5')
    const ended = new Promise<Ended>((resolve) => {
      child.stdout?.once('data', () => {
        void listener.close().then(async () => resolve(await wait(child)))
      })
    })
    t.match(await ended, { status: 5, complaint: /cleaning up: no daemon at / })
    t.same(groups(), [])
  })

  await t.test('all is undone', async (t) => t.same(await undo.run(), []))
})
