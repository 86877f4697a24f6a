/** Maps: single entries, batches, dumps, limits. */
import { once } from 'node:events'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import t from 'tap'
import { type BpfMap, native } from '../../native/index.ts'
import { needsRoot, ownBpffs, u32, u32Range, u64 } from './places.ts'

const HASH = 1
const ARRAY = 2
const PERCPU_HASH = 5
const PERCPU_ARRAY = 6
const LRU_HASH = 9
const LRU_PERCPU_HASH = 10
const DEVMAP_HASH = 25 // has no batch commands; its values are interfaces
const NO_PREALLOC = 1

function newMap(type: number, maxEntries: number, rest: { valueSize?: number; flags?: number } = {}): BpfMap {
  return native().createMap({ name: 'kmesh_test', type, keySize: 4, valueSize: 8, maxEntries, ...rest })
}

function u64Range(first: number, count: number): Buffer {
  return Buffer.concat(Array.from({ length: count }, (_, index) => u64(first + index)))
}

function loopbacks(count: number): Buffer {
  return Buffer.concat(Array.from({ length: count }, () => u32(1)))
}

/** The content, as numbers. */
function contentOf(map: BpfMap): ReadonlyMap<number, bigint> {
  const { count, keys, values } = map.dump()
  const [keyBytes, valueBytes] = [Buffer.from(keys), Buffer.from(values)]
  return new Map(
    Array.from({ length: count }, (_, index) => [
      keyBytes.readUInt32LE(4 * index),
      valueBytes.readBigUInt64LE(map.valueSize * index),
    ]),
  )
}

t.test('a map tells what it is', needsRoot, (t) => {
  const map = newMap(HASH, 10, { flags: NO_PREALLOC })
  t.match(map, { name: 'kmesh_test', type: HASH, keySize: 4, valueSize: 8, maxEntries: 10 })
  t.ok(map.id > 0)
  t.ok(map.fd > 2)
  t.ok(map.memlock() >= 0)
  t.throws(() => newMap(9999, 1), { code: 'EINVAL', syscall: 'bpf_map_create', message: /kmesh_test/ })
  t.end()
})

t.test('single entries', needsRoot, (t) => {
  const map = newMap(HASH, 10)
  t.equal(map.lookup(u32(1)), undefined)
  t.equal(map.delete(u32(1)), false)
  t.equal(map.nextKey(), undefined)
  map.update(u32(1), u64(10))
  t.same(map.lookup(u32(1)), u64(10))
  t.throws(() => map.update(u32(1), u64(11), 1), { code: 'EEXIST' }, 'BPF_NOEXIST')
  t.throws(() => map.update(u32(2), u64(11), 2), { code: 'ENOENT' }, 'BPF_EXIST')
  map.update(u32(1), u64(12), 2)
  t.same(map.nextKey(), u32(1))
  t.equal(map.nextKey(u32(1)), undefined)
  t.equal(map.delete(u32(1)), true)
  t.equal(map.lookup(u32(1)), undefined)
  t.end()
})

t.test('keys and values of the wrong size or kind are refused', needsRoot, (t) => {
  const map = newMap(HASH, 10)
  t.throws(() => map.lookup(u64(1)), { name: 'RangeError', message: 'key has 8 bytes instead of 4' })
  t.throws(() => map.update(u32(1), u32(1)), { name: 'RangeError', message: 'value has 4 bytes instead of 8' })
  t.throws(() => map.lookup('abcd' as unknown as Buffer), { name: 'TypeError', message: 'key must be a Uint8Array' })
  t.throws(() => map.lookup(new Uint32Array(1) as unknown as Buffer), TypeError)
  t.throws(() => map.updateBatch(u32(1), u64(1), 2), { name: 'RangeError', message: /keys has 4 bytes, too few for 2/ })
  t.throws(() => map.updateBatch(u32(1), u64(1), 0.5), RangeError)
  t.throws(() => map.deleteBatch(u32(1), 2), RangeError)
  // A part of a larger buffer is taken from its own start.
  map.update(Buffer.concat([u32(7), u32(8)]).subarray(4), u64(3))
  t.same(map.nextKey(), u32(8))
  t.end()
})

for (const [name, type, flags] of [
  ['hash', HASH, 0],
  ['hash without preallocation', HASH, NO_PREALLOC],
  ['array', ARRAY, 0],
  ['LRU hash', LRU_HASH, 0],
] as const) {
  t.test(`batches: ${name}`, needsRoot, (t) => {
    const map = newMap(type, 20_000, { flags })
    map.updateBatch(u32Range(0, 10_000), u64Range(5, 10_000), 10_000)
    const content = contentOf(map)
    t.equal(content.size, type === ARRAY ? 20_000 : 10_000)
    t.equal(map.count(), content.size)
    t.ok(Array.from({ length: 10_000 }, (_, key) => content.get(key) === BigInt(key + 5)).every(Boolean))
    if (type !== ARRAY) {
      map.deleteBatch(u32Range(5000, 10_000), 10_000) // half of them are not there
      t.equal(map.count(), 5000)
      map.deleteBatch(u32Range(0, 5000), 5000)
      t.same(map.dump(), { count: 0, keys: Buffer.alloc(0), values: Buffer.alloc(0) })
    }
    map.updateBatch(Buffer.alloc(0), Buffer.alloc(0), 0)
    map.deleteBatch(Buffer.alloc(0), 0)
    t.end()
  })
}

t.test('a map without batch commands is filled, dumped and cleared by single ones', needsRoot, (t) => {
  const map = newMap(DEVMAP_HASH, 1000, { valueSize: 4 })
  map.updateBatch(u32Range(0, 700), loopbacks(700), 700)
  t.equal(map.count(), 700)
  const { count, keys, values } = map.dump()
  const found = Array.from({ length: count }, (_, index) => Buffer.from(keys).readUInt32LE(4 * index))
  t.same(
    found.sort((a, b) => a - b),
    Array.from({ length: 700 }, (_, index) => index),
  )
  t.same(values, loopbacks(700))
  t.throws(() => map.updateBatch(u32Range(500, 900), loopbacks(900), 900), {
    code: 'E2BIG',
    message: /500 of 900 entries written/,
  })
  map.deleteBatch(u32Range(300, 2000), 2000)
  t.equal(map.count(), 300)
  t.end()
})

for (const [name, type] of [
  ['with batch commands', HASH],
  ['without batch commands', DEVMAP_HASH],
] as const) {
  t.test(`a dump while entries come and go has all that stay, once: ${name}`, needsRoot, async (t) => {
    const path = join(ownBpffs(t), 'kmesh_test')
    const map = newMap(type, 1000, { valueSize: 4 })
    map.updateBatch(u32Range(0, 200), loopbacks(200), 200)
    map.pin(path)
    const worker = new Worker(new URL('./churn.js', import.meta.url), { workerData: { path, first: 200, count: 200 } })
    await once(worker, 'message')
    const wrong: string[] = []
    let moving = 0
    for (let round = 0; round < 200; round++) {
      const { count, keys } = map.dump()
      const found = Array.from({ length: count }, (_, index) => Buffer.from(keys).readUInt32LE(4 * index))
      if (new Set(found).size !== count) wrong.push(`round ${round}: an entry came twice`)
      const stable = found.filter((key) => key < 200).length
      if (stable !== 200) wrong.push(`round ${round}: ${stable} entries instead of 200`)
      if (count > 200 && count < 400) moving++
    }
    await worker.terminate()
    t.same(wrong, [])
    t.comment(`${moving} of 200 dumps met the change half way`)
  })
}

t.test('a full map refuses, and keeps what it has', needsRoot, (t) => {
  const map = newMap(HASH, 100)
  t.throws(() => map.updateBatch(u32Range(0, 150), u64Range(0, 150), 150), {
    code: 'E2BIG',
    syscall: 'bpf_map_update_batch',
    message: /kmesh_test, 100 of 150 entries written: Argument list too long/,
  })
  t.equal(contentOf(map).size, 100)
  t.throws(() => map.update(u32(1000), u64(1)), { code: 'E2BIG' })
  map.updateBatch(u32Range(0, 100), u64Range(7, 100), 100)
  t.equal(contentOf(map).get(99), 106n)
  t.throws(() => newMap(ARRAY, 10).updateBatch(u32Range(0, 11), u64Range(0, 11), 11), { code: 'E2BIG' })
  t.end()
})

t.test('a full LRU map forgets', needsRoot, (t) => {
  const map = newMap(LRU_HASH, 128)
  map.updateBatch(u32Range(0, 1000), u64Range(0, 1000), 1000)
  t.ok(map.count() <= 128)
  t.ok(map.count() > 0)
  t.end()
})

for (const [name, type] of [
  ['hash', PERCPU_HASH],
  ['array', PERCPU_ARRAY],
  ['LRU hash', LRU_PERCPU_HASH],
] as const) {
  t.test(`a value for each CPU: ${name}`, needsRoot, (t) => {
    const map = newMap(type, 64, { valueSize: 12 })
    t.equal(map.valueSize % 16, 0, '12 bytes take 16')
    const cpus = map.valueSize / 16
    t.ok(cpus >= 1)
    const value = Buffer.alloc(map.valueSize)
    for (let cpu = 0; cpu < cpus; cpu++) value.writeUInt32LE(cpu + 1, 16 * cpu + 8)
    map.update(u32(3), value)
    t.same(map.lookup(u32(3)), value)
    map.updateBatch(u32Range(4, 2), Buffer.concat([value, value]), 2)
    t.same(map.lookup(u32(5)), value)
    const dump = map.dump()
    t.equal(dump.count, type === PERCPU_ARRAY ? 64 : 3)
    t.equal(dump.values.length, dump.count * map.valueSize)
    t.throws(() => map.update(u32(3), Buffer.alloc(12)), RangeError)
    t.end()
  })
}

t.test('values of many kilobytes are dumped', needsRoot, (t) => {
  const map = newMap(HASH, 50, { valueSize: 30_000 })
  const value = Buffer.alloc(30_000, 7)
  for (let key = 0; key < 50; key++) map.update(u32(key), value)
  const dump = map.dump()
  t.equal(dump.count, 50)
  t.ok(Buffer.from(dump.values).every((byte) => byte === 7))
  t.end()
})

t.test('a pinned map is found again', needsRoot, (t) => {
  const folder = ownBpffs(t)
  const map = newMap(HASH, 10)
  map.update(u32(1), u64(2))
  map.pin(join(folder, 'kmesh_test'))
  t.throws(() => map.pin(join(folder, 'kmesh_test')), { code: 'EEXIST', syscall: 'bpf_obj_pin' })
  const again = native().openPinnedMap(join(folder, 'kmesh_test'))
  t.equal(again.id, map.id)
  t.same(again.lookup(u32(1)), u64(2))
  t.throws(() => native().openPinnedMap(join(folder, 'none')), { code: 'ENOENT', message: /none: No such file/ })
  t.throws(() => native().openPinnedProgram(join(folder, 'kmesh_test')), {
    code: 'EINVAL',
    message: /kmesh_test is not a BpfProgram/,
  })
  t.throws(() => native().openPinnedLink(join(folder, 'kmesh_test')), { code: 'EINVAL' })
  t.end()
})

t.test('a closed map says so, and closes twice', needsRoot, (t) => {
  const map = newMap(HASH, 10)
  map.close()
  map.close()
  const closed = { message: 'this BpfMap is closed', code: 'EBADF' }
  t.throws(() => map.fd, closed)
  t.throws(() => map.lookup(u32(1)), closed)
  t.throws(() => map.updateBatch(u32(1), u64(1), 1), closed)
  t.throws(() => map.dump(), closed)
  t.throws(() => map.pin('/nowhere'), closed)
  t.equal(map.name, 'kmesh_test', 'what was known stays known')
  t.end()
})
