/** No descriptor is left behind: by close, by garbage collection, by errors. */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import t from 'tap'
import { native } from '../../native/index.ts'
import { needsRoot, objectFile, openTestObject, ownBpffs, ownCgroup, u32 } from './places.ts'

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

const openDescriptors = () => readdirSync('/proc/self/fd').length

function newMap() {
  return native().createMap({ name: 'kmesh_test', type: 1, keySize: 4, valueSize: 4, maxEntries: 1, flags: 1 })
}

/** @returns by how many descriptors the count has grown */
function growth(times: number, act: () => void): number {
  act()
  const before = openDescriptors()
  for (let count = 0; count < times; count++) act()
  return openDescriptors() - before
}

t.test('maps, 10000 times', needsRoot, (t) => {
  t.equal(
    growth(10_000, () => newMap().close()),
    0,
  )
  t.end()
})

t.test('maps that nobody closes go with the garbage', needsRoot, async (t) => {
  const before = openDescriptors()
  for (let count = 0; count < 500; count++) newMap().update(u32(1), u32(1))
  // Finalizers run after the collection, between tasks.
  for (let tries = 0; tries < 100 && openDescriptors() > before; tries++) {
    collectGarbage()
    await new Promise((resolve) => setImmediate(resolve))
  }
  t.equal(openDescriptors(), before)
})

t.test('objects with their maps and programs', needsRoot, (t) => {
  const act = () => {
    const object = native().openObject(objectFile('witness'))
    object.load()
    const map = object.map('seen')
    const program = object.program('witness_connect4')
    object.close()
    map.close()
    program.close()
  }
  t.equal(growth(100, act), 0)
  t.end()
})

t.test('objects that do not load', needsRoot, (t) => {
  const act = () => {
    const object = native().openObject(objectFile('broken'))
    t.throws(() => object.load(), { code: 'EACCES' })
    object.close()
  }
  t.equal(growth(20, act), 0)
  t.end()
})

t.test('links, pins, probes, ring buffers, iterators', needsRoot, (t) => {
  const addon = native()
  const cgroup = ownCgroup(t)
  const pin = join(ownBpffs(t), 'kmesh_test')
  const object = openTestObject(t, 'witness')
  object.load()
  const sockets = openTestObject(t, 'sockets')
  sockets.load()
  const [program, reports] = [object.program('witness_connect4'), object.map('reports')]
  const [lister, targets] = [sockets.program('sockets_targets'), sockets.map('targets')]
  object.map('seen').pin(pin)
  const act = () => {
    addon.attachLink(program, { path: cgroup }, 10).close()
    addon.openPinnedMap(pin).close()
    t.throws(() => addon.openPinnedProgram(pin))
    addon.programById(program.id).close()
    addon.probeConnect(undefined, cgroup, '127.0.0.1', 9)
    addon.ringBuffer(reports, () => {}, 0).close()
    addon.ringBuffer(reports, () => {}, 1000).close()
    t.throws(() => addon.ringBuffer(targets, () => {}, 0))
    addon.iterate(lister, targets)
    addon.probeHelper(18, 1)
    addon.closeFd(addon.lock(cgroup))
  }
  t.equal(growth(200, act), 0)
  t.end()
})

t.test('namespaces', needsRoot, (t) => {
  const { closeFd, socketIn } = native()
  const own = '/proc/self/ns/net'
  const act = () => {
    closeFd(socketIn(own, 'tcp', '127.0.0.1', 0))
    t.throws(() => socketIn(own, 'tcp', '192.0.2.1', 0), { code: 'EADDRNOTAVAIL' })
    t.throws(() => socketIn('/proc/self/ns/uts', 'tcp', '127.0.0.1', 0), { code: 'EINVAL' })
  }
  t.equal(growth(300, act), 0)
  t.end()
})

t.test('memory does not grow with what was closed', needsRoot, async (t) => {
  const map = native().createMap({ name: 'kmesh_test', type: 1, keySize: 4, valueSize: 4096, maxEntries: 256 })
  for (let key = 0; key < 256; key++) map.update(u32(key), Buffer.alloc(4096))
  const dumps = async (count: number) => {
    for (let dump = 0; dump < count; dump++) {
      map.dump()
      if (dump % 20 === 0) await new Promise((resolve) => setImmediate(resolve))
    }
    collectGarbage()
    await new Promise((resolve) => setImmediate(resolve))
  }
  await dumps(30)
  const before = process.memoryUsage().rss
  await dumps(150) // 150 MiB in all
  const more = (process.memoryUsage().rss - before) / 2 ** 20
  t.ok(more < 60, `${Math.round(more)} MiB more`)
})
