/** One data plane, from the first start to the clean-up, with real connections. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { ConnectionEvent, SettingsFlags } from '../../controller/abi/layouts.generated.ts'
import type { Dataplane } from '../../controller/kernel/dataplane.ts'
import { membersOf } from '../../controller/members/open.ts'
import { StoreError } from '../../controller/reconcile/store.ts'
import { makeLabCgroup } from '../../lab/cgroup.ts'
import { native } from '../../native/index.ts'
import { testAtPlace, timeScale } from './place.ts'
import { TCP, writeService } from './tables.ts'
import { startClient, startServer } from './traffic.ts'

const SERVICE = { id: 77n, vip: { ip: '240.77.0.1', port: 80 }, protocol: TCP }

testAtPlace('a member reaches an endpoint by the address of its service', async (t, place) => {
  const dataplane = place.open()
  const server = await startServer(place.undo, 'reviews')
  const cgroup = makeLabCgroup(place.undo, 'kmesh-client', place.cgroup)
  writeService(dataplane.store, { ...SERVICE, endpoints: [server] })
  membersOf(dataplane, place.log).enroll({ cgroup })

  t.notOk(dataplane.adopted)
  t.same(dataplane.programs(), [], 'nothing is attached before the tables are filled')
  const selfTest = dataplane.activate()
  t.equal(selfTest.is, 'passed', selfTest.message)
  t.same(
    dataplane.problems().filter(({ severity }) => severity === 'error'),
    [],
  )

  const before = dataplane.verdicts()
  const stop = await startClient(place.undo, { cgroup }, SERVICE.vip, 'reviews')
  const { connected, failed } = await stop()
  t.same(failed, [])
  const after = dataplane.verdicts()
  t.equal(Number(after.VERDICT_ROUTED - before.VERDICT_ROUTED), connected, 'each connection is counted once')
})

testAtPlace('traffic, events and open connections are told', async (t, place) => {
  const dataplane = place.open()
  const { port } = await startServer(place.undo, 'ratings')
  writeService(dataplane.store, { ...SERVICE, endpoints: [{ ip: '127.0.0.1', port }] })
  dataplane.settings.change({ flags: SettingsFlags.SETTINGS_TRAFFIC | SettingsFlags.SETTINGS_ACCESS_LOG })
  let events = 0
  dataplane.events((record) => {
    events += record.length === ConnectionEvent.size ? 1 : 0
  }, 10)
  dataplane.activate()

  const cgroup = makeLabCgroup(place.undo, 'kmesh-client', place.cgroup)
  membersOf(dataplane, place.log).enroll({ cgroup }, { workload: 5n })
  const stop = await startClient(place.undo, { cgroup }, SERVICE.vip, 'ratings')
  const { connected } = await stop()

  const [entry, ...others] = dataplane.traffic()
  t.same(others, [], 'the self-test leaves no traffic')
  t.match(entry, { key: { source: 5n, service: SERVICE.id }, value: { opened: BigInt(connected), failed: 0n } })
  t.equal(Number(entry?.value.receivedBytes), connected * 'ratings'.length)
  for (let waited = 0; events < connected && waited < 5000 * timeScale; waited += 20) await sleep(20)
  t.equal(events, connected, 'an event for each connection, none for the self-test')
  t.equal(dataplane.verdicts().VERDICT_EVENT_LOST, 0n)
  t.same(dataplane.connections(), [], 'all connections have ended')
})

testAtPlace('what the kernel holds is told: maps, programs', async (t, place) => {
  const dataplane = place.open({ mapSizes: { frontends: 16, slots: 3 } })
  dataplane.activate()
  const programs = dataplane.programs()
  t.ok(programs.every(({ name, tag }) => name.startsWith('kmesh_') && /^[0-9a-f]{16}$/.test(tag)))
  t.same(programs.map(({ hook }) => hook).slice(0, 2), ['connect4', 'connect6'])

  writeService(dataplane.store, { ...SERVICE, endpoints: [{ ip: '127.0.0.1', port: 1 }] })
  const usage = new Map(dataplane.mapUsage().map((map) => [map.name, map]))
  t.equal(dataplane.mapUsage(new Map([['slots', 7]])).find(({ name }) => name === 'slots')?.entries, 7, 'as known')
  t.match(usage.get('frontends'), { entries: 1, maxEntries: 16 })
  t.match(usage.get('slots'), { entries: 1, maxEntries: 3 })
  t.equal(usage.get('events')?.entries, undefined, 'a ring buffer has no entries')
  t.ok((usage.get('slots')?.bytes ?? 0) > 0)
})

testAtPlace('the socket lane is put in place, and taken away again', async (t, place) => {
  const hooks = (dataplane: Dataplane) => dataplane.programs().map(({ hook }) => hook)
  const pin = join(place.bpfFs, 'kmesh', 'programs', 'redirect')
  const first = place.open()
  first.activate()
  if (first.withoutSocketLane !== undefined) {
    t.match(first.withoutSocketLane, /^kernel \S+ does not tell sock_ops programs/)
    t.notOk(hooks(first).includes('join'))
    return
  }
  t.ok(hooks(first).includes('join'))
  const id = idOf(pin)
  first.close()
  const second = place.open()
  second.activate()
  t.equal(idOf(pin), id, 'the program on the map of sockets runs on')
  second.close()
  const third = place.open({ socketLane: false })
  third.activate()
  t.equal(third.withoutSocketLane, 'switched off')
  t.notOk(hooks(third).includes('join'))
  t.notOk(existsSync(pin))
})

testAtPlace('a map that is full refuses by name and size, and keeps what it holds', async (t, place) => {
  const { store } = place.open({ mapSizes: { slots: 3 } })
  const endpoint = (port: number) => ({ ip: '127.0.0.1', port })
  writeService(store, { ...SERVICE, endpoints: [endpoint(1), endpoint(2)] })
  t.throws(
    () => writeService(store, { ...SERVICE, id: 78n, endpoints: [endpoint(3), endpoint(4)] }),
    new StoreError('slots', 'full', 'map slots is full: it holds 3 entries (--map-size slots=N)'),
  )
  t.equal(store.dump('services').count, 1, 'what comes after it is not written')
  t.throws(() => store.dump('no_such_map'), { reason: 'other', message: 'there is no map no_such_map' })
})

testAtPlace('sizes that cannot be are refused before anything is made', async (t, place) => {
  const refused = (mapSizes: Record<string, number>, message: RegExp) =>
    t.throws(() => place.open({ mapSizes }), { name: 'KernelError', message })
  refused({ nonsense: 5 }, /^--map-size nonsense: no such map; there are affinities, /)
  refused({ settings: 5 }, /^--map-size settings: no such map/)
  refused({ slots: 0 }, /^--map-size slots=0: not a number of entries/)
  refused({ slots: 1.5 }, /^--map-size slots=1.5: not a number/)
  refused({ events: 5000 }, /^--map-size events=5000: bytes of a ring buffer, a power of two from 4096/)
  t.notOk(existsSync(place.bpfFs))
})

testAtPlace('paths that cannot be are refused in one line', async (t, place) => {
  t.throws(() => place.open({ cgroupPath: '/proc' }), { message: /^\/proc is not a directory of a cgroup2 filesystem/ })
  t.throws(() => place.open({ cgroupPath: join(place.cgroup, 'none') }), { message: /none: no such directory$/ })
  t.throws(() => place.open({ bpfFsPath: '/proc/kmesh-test' }), {
    message: /^no BPF filesystem at \/proc\/kmesh-test, /,
  })
})

function idOf(pin: string): number {
  const program = native().openPinnedProgram(pin)
  const { id } = program
  program.close()
  return id
}
