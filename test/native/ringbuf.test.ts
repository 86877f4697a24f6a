/** Ring buffers: at once and by timer, closing, exceptions, the end of the process. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { type BpfMap, native, projectRoot } from '../../native/index.ts'
import { eventually, needsRoot, openTestObject, outputOf, ownCgroup, u32 } from './places.ts'

const HOUR = 3_600_000

interface Source {
  readonly reports: BpfMap
  /** Makes the kernel write that many records; each has its port. */
  emit(count: number, firstPort?: number): void
}

function loadSource(t: Test): Source {
  const cgroup = ownCgroup(t)
  const object = openTestObject(t, 'witness')
  object.setRodata('witness', u32(5))
  object.load()
  const link = native().attachLink(object.program('witness_connect4'), { path: cgroup }, 10)
  t.teardown(() => link.close())
  return {
    reports: object.map('reports'),
    emit(count, firstPort = 1) {
      for (let port = firstPort; port < firstPort + count; port++) {
        native().probeConnect(undefined, cgroup, '127.0.0.1', port)
      }
    },
  }
}

/** For eventually(). */
function raise(): never {
  throw new Error('not yet')
}

const portOf = (record: Buffer) => record.readUInt16BE(16)

for (const [name, pollMs] of [
  ['at once', 0],
  ['by timer', 5],
] as const) {
  t.test(`records arrive in order: ${name}`, needsRoot, async (t) => {
    const { reports, emit } = loadSource(t)
    const records: Buffer[] = []
    const ring = native().ringBuffer(reports, (record) => records.push(record), pollMs)
    emit(30)
    t.equal(records.length, 0, 'never while other code runs')
    await eventually(() => records.length === 30 || raise())
    emit(3, 100)
    await eventually(() => records.length === 33 || raise())
    t.same(records.map(portOf), [...Array.from({ length: 30 }, (_, index) => index + 1), 100, 101, 102])
    t.equal(records[0]?.length, 24)
    t.equal(records[0]?.readUInt32LE(8), 5, 'the constant of the program')
    emit(2)
    t.equal(ring.consume(), 2)
    t.equal(ring.consume(), 0)
    ring.close()
    ring.close()
    emit(1)
    await new Promise((resolve) => setTimeout(resolve, 50))
    t.equal(records.length, 35, 'nothing after close')
    t.throws(() => ring.consume(), { message: 'this RingBuffer is closed' })
  })

  t.test(`closed from within a callback: ${name}`, needsRoot, async (t) => {
    const { reports, emit } = loadSource(t)
    let calls = 0
    const ring = native().ringBuffer(
      reports,
      () => {
        calls++
        t.equal(ring.consume(), 0, 'no callback within a callback')
        ring.close()
      },
      pollMs,
    )
    emit(3)
    await eventually(() => calls > 0 || raise())
    await new Promise((resolve) => setTimeout(resolve, 50))
    t.equal(calls, 1)
    // What was not read is there for the next reader.
    const rest: number[] = []
    const next = native().ringBuffer(reports, (record) => rest.push(portOf(record)), HOUR)
    t.equal(next.consume(), 2)
    t.same(rest, [2, 3])
    next.close()
  })

  t.test(`what a callback throws is an uncaught exception: ${name}`, needsRoot, async (t) => {
    const { reports, emit } = loadSource(t)
    const seen: number[] = []
    const caught: unknown[] = []
    const ring = native().ringBuffer(
      reports,
      (record) => {
        seen.push(portOf(record))
        if (portOf(record) === 2) throw new Error('of the callback')
      },
      pollMs,
    )
    const listeners = process.listeners('uncaughtException')
    process.removeAllListeners('uncaughtException')
    process.on('uncaughtException', (error) => caught.push(error))
    emit(4)
    await eventually(() => seen.length === 4 || raise())
    process.removeAllListeners('uncaughtException')
    for (const listener of listeners) process.on('uncaughtException', listener)
    t.same(seen, [1, 2, 3, 4], 'the rest follows')
    t.match(caught, [{ message: 'of the callback' }])
    ring.close()
  })
}

t.test('what a callback throws comes out of consume()', needsRoot, (t) => {
  const { reports, emit } = loadSource(t)
  let fail = true
  const ring = native().ringBuffer(
    reports,
    () => {
      if (fail) throw new RangeError('of the callback')
    },
    HOUR,
  )
  emit(3)
  t.throws(() => ring.consume(), new RangeError('of the callback'))
  fail = false
  t.equal(ring.consume(), 2, 'the record that it was thrown for is read')
  ring.close()
  t.end()
})

t.test('a waiting reader waits: no spinning while the main thread is busy', needsRoot, async (t) => {
  const { reports, emit } = loadSource(t)
  let records = 0
  const ring = native().ringBuffer(reports, () => records++, 0)
  emit(1)
  const before = process.cpuUsage()
  // The main thread sleeps in a system call; only the reader could use the processor.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300)
  const used = process.cpuUsage(before)
  t.ok(used.user + used.system < 150_000, `${used.user + used.system} us of 300 ms`)
  t.equal(records, 0)
  await eventually(() => records === 1 || raise())
  ring.close()
})

t.test('what is not a ring buffer is refused', needsRoot, (t) => {
  const map = native().createMap({ name: 'kmesh_test', type: 1, keySize: 4, valueSize: 4, maxEntries: 1 })
  t.throws(() => native().ringBuffer(map, () => {}, 0), {
    code: 'EINVAL',
    syscall: 'ring_buffer__new',
    bpfLog: /is not BPF_MAP_TYPE_RINGBUF/,
  })
  const ringMap = native().createMap({ name: 'kmesh_test', type: 27, keySize: 0, valueSize: 0, maxEntries: 4096 })
  t.throws(() => native().ringBuffer(ringMap, 'call' as never, 0), TypeError)
  t.end()
})

t.test('a ring buffer lives on without its map', needsRoot, async (t) => {
  const { reports, emit } = loadSource(t)
  let records = 0
  const ring = native().ringBuffer(reports, () => records++, 0)
  reports.close()
  emit(2)
  await eventually(() => records === 2 || raise())
  ring.close()
})

const OPEN_RING = `
  const { native } = await import(process.argv[1])
  const map = native().createMap({ name: 'kmesh_test', type: 27, keySize: 0, valueSize: 0, maxEntries: 4096 })
  const rings = [0, 5].map((pollMs) => native().ringBuffer(map, () => {}, pollMs))
`
for (const [name, script] of [
  ['by itself', OPEN_RING],
  ['by exit()', `${OPEN_RING}; process.exit(0)`],
  ['after close()', `${OPEN_RING}; for (const ring of rings) ring.close()`],
] as const) {
  t.test(`a process with an open ring buffer ends ${name}`, needsRoot, async (t) => {
    const module = join(projectRoot(), 'dist', 'native', 'index.js')
    t.equal(await outputOf(process.execPath, ['--input-type=module', '-e', script, module]), '')
  })
}

t.test('an uncaught exception of a callback ends the process', needsRoot, async (t) => {
  const cgroup = ownCgroup(t)
  const script = `
    const { native } = await import(process.argv[1])
    const object = native().openObject(process.argv[2])
    object.load()
    const link = native().attachLink(object.program('witness_connect4'), { path: process.argv[3] }, 10)
    native().ringBuffer(object.map('reports'), () => { throw new Error('of the callback') }, 0)
    native().probeConnect(undefined, process.argv[3], '127.0.0.1', 9)
    process.on('exit', (code) => console.log('exit', code))
    setTimeout(() => {}, 60000)
  `
  const files = [join('dist', 'native', 'index.js'), join('build', 'test-bpf', 'witness.bpf.o')]
  const child = spawn(
    process.execPath,
    ['--input-type=module', '-e', script, ...files.map((file) => join(projectRoot(), file)), cgroup],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  )
  let errors = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors += text
  })
  const [status] = (await once(child, 'close')) as [number | null]
  t.equal(status, 1)
  t.match(errors, /Error: of the callback/)
})
