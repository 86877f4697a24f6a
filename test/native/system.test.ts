/** Locks, mounts, another program in place of this one. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, openSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { native, projectRoot } from '../../native/index.ts'
import { needsRoot, outputOf, ownBpffs, ownFolder, ownNetns } from './places.ts'

const MODULE = join(projectRoot(), 'dist', 'native', 'index.js')

/** Runs a script in a process of its own; `addon` is there. */
function script(text: string, ...args: readonly string[]): readonly string[] {
  const head = `const addon = (await import(process.argv[1])).native(); const args = process.argv.slice(2);`
  return ['--input-type=module', '-e', head + text, MODULE, ...args]
}

t.test('one process holds a lock', async (t) => {
  const folder = ownFolder(t)
  const file = join(folder, 'lock')
  writeFileSync(file, '')
  for (const path of [folder, file]) {
    const other = spawn(
      process.execPath,
      script('addon.lock(args[0]); console.log(1); setInterval(Number, 1e6)', path),
      {
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    )
    const closed = once(other, 'close')
    await once(other.stdout, 'data')
    t.throws(() => native().lock(path), { code: 'EWOULDBLOCK', syscall: 'flock', message: new RegExp(path) })
    other.kill('SIGKILL')
    await closed
    const fd = native().lock(path)
    t.throws(() => native().lock(path), { code: 'EWOULDBLOCK' }, 'nor does the same process get it twice')
    native().closeFd(fd)
    native().closeFd(native().lock(path))
  }
  t.throws(() => native().lock(join(folder, 'none')), { code: 'ENOENT', syscall: 'open' })
})

t.test('a descriptor that is none is not closed', (t) => {
  t.throws(() => native().closeFd(1_000_000), { code: 'EBADF', syscall: 'close' })
  t.throws(() => native().closeFd(-1), RangeError)
  t.end()
})

t.test('bpffs is mounted and unmounted', needsRoot, (t) => {
  const folder = ownBpffs(t)
  t.equal(native().fsType(folder), 0xcafe4a11)
  mkdirSync(join(folder, 'kmesh'))
  const inner = ownFolder(t)
  t.not(native().fsType(inner), 0xcafe4a11)
  native().mountBpffs(inner)
  const busy = openSync(inner, 'r')
  native().unmount(inner)
  t.not(native().fsType(inner), 0xcafe4a11, 'although it was in use')
  native().closeFd(busy)
  t.throws(() => native().unmount(inner), { code: 'EINVAL', syscall: 'umount2' })
  t.throws(() => native().mountBpffs('/nowhere'), { code: 'ENOENT', syscall: 'mount' })
  t.end()
})

t.test('file systems are told apart', (t) => {
  t.equal(native().fsType('/proc'), 0x9fa0)
  const cgroup2 = /^\S+ (\S+) cgroup2 /m.exec(readFileSync('/proc/self/mounts', 'utf8'))?.[1]
  if (cgroup2 !== undefined) t.equal(native().fsType(cgroup2), 0x63677270)
  t.throws(() => native().fsType('/nowhere'), { code: 'ENOENT', syscall: 'statfs' })
  t.throws(() => native().fsType('/proc\0/nowhere'), { name: 'TypeError' })
  t.end()
})

t.test('the clock is that of the kernel', (t) => {
  const [before, now, after] = [process.hrtime.bigint(), native().monotonicNs(), process.hrtime.bigint()]
  t.ok(before <= now && now <= after)
  t.end()
})

t.test('another program takes the place of the process', async (t) => {
  const command = 'echo "$0 $1 $KMESH_TEST $(env | wc -l)"; grep SigIgn /proc/self/status; cat; exit 7'
  const text = `
    process.stdin.on('readable', () => {})
    process.stdout.write('')
    addon.exec('/bin/sh', ['-c', ${JSON.stringify(command)}, 'zero', 'ün'], { KMESH_TEST: 'a=b', PATH: '/usr/bin:/bin' })`
  const child = spawn(process.execPath, script(text), { stdio: ['pipe', 'pipe', 'inherit'] })
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (data: string) => {
    output += data
  })
  // A program that is not ready for non-blocking input would end at once.
  setTimeout(() => child.stdin.end('and the standard input\n'), 300)
  const [status] = (await once(child, 'close')) as [number]
  t.equal(status, 7)
  const [first, ignored, third] = output.split('\n')
  t.match(first, /^zero ün a=b [3-5]$/)
  const signals = BigInt(`0x${ignored?.split('\t')[1]}`)
  t.equal(signals & ((1n << 12n) | (1n << 24n)), 0n, 'SIGPIPE and SIGXFSZ are not ignored')
  t.equal(third, 'and the standard input')
})

t.test('the process goes on when there is no such program', (t) => {
  t.throws(() => native().exec('/nowhere', [], {}), { code: 'ENOENT', syscall: 'execve', message: /\/nowhere/ })
  t.throws(() => native().exec('/bin/true', ['a\0b'], {}), TypeError)
  t.throws(() => native().exec('/bin/true', [], { A: 1 as unknown as string }), TypeError)
  t.end()
})

/** Runs to the end of the test. */
function startUntilPrinting(t: Test, command: string, args: readonly string[]) {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  const closed = once(child, 'close')
  t.teardown(async () => {
    child.kill('SIGKILL')
    await closed
  })
  return { pid: child.pid, printed: Promise.race([once(child.stdout, 'data'), closed]) }
}

async function ownMountNamespace(t: Test): Promise<string> {
  const keep = ['--mount', '--propagation', 'unchanged', 'sh', '-c', 'echo ready; exec sleep 600']
  const { pid, printed } = startUntilPrinting(t, 'unshare', keep)
  await printed
  return `/proc/${pid}/ns/mnt`
}

/** @returns what /proc/self/ns/KIND of the program is that takes the place of a process in the namespace */
async function namespaceAfterExec(path: string, kind: string): Promise<string> {
  const program = [process.execPath, ['-p', `fs.readlinkSync('/proc/self/ns/${kind}')`], {}]
  const text = `addon.enterNamespace(args[0]); addon.exec(...${JSON.stringify(program)})`
  return (await outputOf(process.execPath, script(text, path))).trim()
}

t.test('a process enters a namespace before it becomes another program', needsRoot, async (t) => {
  const netns = await ownNetns(t)
  t.equal(await namespaceAfterExec(netns, 'net'), readlinkSync(netns))
  t.equal(await namespaceAfterExec(netns, 'mnt'), readlinkSync('/proc/self/ns/mnt'))
  t.throws(() => native().enterNamespace('/nowhere'), { code: 'ENOENT', syscall: 'open' })
})

t.test('a mount namespace too', needsRoot, async (t) => {
  const mnt = await ownMountNamespace(t)
  // No other program follows: below the root of that namespace there may be none.
  const text = "addon.enterNamespace(args[0]); console.log('entered'); setInterval(Number, 1e6)"
  const child = startUntilPrinting(t, process.execPath, script(text, mnt))
  await child.printed
  t.equal(readlinkSync(`/proc/${child.pid}/ns/mnt`), readlinkSync(mnt))
})
