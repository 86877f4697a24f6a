/** Lines to a file: in order, over rotations, and never in the way of the daemon. */
import { execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync, truncateSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { LineWriter } from '../../../controller/telemetry/line-writer.ts'

const folder = mkdtempSync(join(tmpdir(), `kmesh-test-writer-${process.pid}-`))
t.teardown(() => rmSync(folder, { recursive: true, force: true }))

const silent = () => undefined

t.test('lines come out in order, and all of them', async (t) => {
  const file = join(folder, 'order.log')
  const writer = new LineWriter(file, silent)
  const lines = Array.from({ length: 10_000 }, (_, n) => `line ${n}`)
  for (const [n, line] of lines.entries()) {
    writer.write(line)
    if (n % 1000 === 0) await new Promise(setImmediate)
  }
  await writer.close(5000)
  t.same(readFileSync(file, 'utf8').trimEnd().split('\n'), lines)
  t.equal(writer.written, lines.length)
  t.same(writer.losses, { backlog: 0, failed: 0 })
})

t.test('after a rotation it writes to the new file, and no line is lost', async (t) => {
  const file = join(folder, 'rotated.log')
  const writer = new LineWriter(file, silent)
  for (let n = 0; n < 3000; n++) {
    writer.write(`line ${n}`)
    if (n === 1000) {
      renameSync(file, `${file}.1`)
      writer.reopen()
    }
    if (n % 100 === 0) await new Promise(setImmediate)
  }
  await writer.close(5000)
  const all = readFileSync(`${file}.1`, 'utf8') + readFileSync(file, 'utf8')
  t.equal(all, Array.from({ length: 3000 }, (_, n) => `line ${n}\n`).join(''))
  t.ok(readFileSync(file, 'utf8').endsWith('line 2999\n'))
})

t.test('a file that is truncated in place gets no hole', async (t) => {
  const file = join(folder, 'truncated.log')
  const writer = new LineWriter(file, silent)
  writer.write('before')
  while (writer.written < 1) await new Promise(setImmediate)
  truncateSync(file)
  writer.write('after')
  await writer.close(5000)
  t.equal(readFileSync(file, 'utf8'), 'after\n')
})

t.test('where reopening fails, the old file stays in use', async (t) => {
  const sub = mkdtempSync(join(folder, 'sub-'))
  const file = join(sub, 'x.log')
  const writer = new LineWriter(file, silent)
  writer.write('one')
  renameSync(sub, `${sub}-moved`)
  t.throws(() => writer.reopen(), { code: 'ENOENT' })
  writer.write('two')
  await writer.close(5000)
  t.equal(readFileSync(join(`${sub}-moved`, 'x.log'), 'utf8'), 'one\ntwo\n')
})

t.test('a file that cannot be opened is an error at once', async (t) => {
  t.throws(() => new LineWriter(join(folder, 'no', 'such', 'folder'), silent), { code: 'ENOENT' })
})

t.test(
  'a full disk is told once; the lines are counted',
  { skip: existsSync('/dev/full') ? false : 'no /dev/full' },
  async (t) => {
    const troubles: Error[] = []
    const writer = new LineWriter('/dev/full', (error) => troubles.push(error))
    for (let n = 0; n < 3; n++) {
      writer.write('x')
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
    await writer.close(5000)
    t.match(troubles, [{ code: 'ENOSPC' }])
    t.equal(troubles.length, 1)
    t.same(writer.losses, { backlog: 0, failed: 3 })
  },
)

t.test('a reader that never reads costs lines, not memory and not the daemon', async (t) => {
  const pipe = join(folder, 'pipe')
  execFileSync('mkfifo', [pipe])
  // Holds the pipe open and reads nothing.
  const reader = spawn('sh', ['-c', 'exec 3<>"$0"; echo open; exec sleep 60', pipe], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  t.teardown(() => reader.kill('SIGKILL'))
  await new Promise((resolve) => reader.stdout.once('data', resolve))
  const writer = new LineWriter(pipe, silent)
  const line = 'x'.repeat(1023)
  for (let n = 0; n < 20_000; n++) {
    writer.write(line)
    if (n % 1000 === 0) await new Promise(setImmediate)
  }
  const { backlog } = writer.losses
  t.ok(backlog > 10_000, `${backlog} lines of 20,000 dropped: at most 8 MiB wait`)
  const drained = spawn('cat', [pipe], { stdio: ['ignore', 'ignore', 'ignore'] })
  t.teardown(() => drained.kill('SIGKILL'))
  await writer.close(20_000)
  t.equal(writer.written + writer.losses.backlog, 20_000, 'every line is accounted for')
})
