/** Starts after other starts: adopted, replaced, killed in the middle, with clients that never stop connecting. */
import { once } from 'node:events'
import { existsSync, readdirSync, readlinkSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { encode, u32 } from '../../controller/abi/codec.ts'
import { layoutHash, MemberKind, Settings } from '../../controller/abi/layouts.generated.ts'
import { cgroupId } from '../../controller/kernel/cgroup.ts'
import { replaceText } from '../../controller/kernel/pins.ts'
import { membersOf } from '../../controller/members/open.ts'
import { makeLabCgroup } from '../../lab/cgroup.ts'
import { start, waitForLine } from '../../lab/process.ts'
import { native, projectRoot } from '../../native/index.ts'
import { type Holder, SERVICE_ID } from './holder-turns.ts'
import { type Place, testAtPlace, timeScale } from './place.ts'
import { dumpAll, TCP, writeService } from './tables.ts'
import { startClient, startServer } from './traffic.ts'

const VIP = { ip: '240.77.0.1', port: 80 }
const DEFAULT_FRONTENDS = 65536

/** A service, a member cgroup, and a client in it that connects without a pause. */
async function prepare(place: Place) {
  const dataplane = place.open()
  const server = await startServer(place.undo, 'reviews')
  const service = { vip: VIP, protocol: TCP, endpoints: [server] }
  writeService(dataplane.store, { ...service, id: SERVICE_ID })
  const cgroup = makeLabCgroup(place.undo, 'kmesh-client', place.cgroup)
  membersOf(dataplane, place.log).enroll({ cgroup })
  dataplane.activate()
  const stopClient = await startClient(place.undo, { cgroup }, VIP, 'reviews')
  return { dataplane, service, cgroup, stopClient }
}

function startHolder(place: Place, service: Holder['service'], turns: readonly number[]) {
  const holder: Holder = { cgroupPath: place.cgroup, bpfFsPath: place.bpfFs, service, turns }
  const script = join(projectRoot(), 'dist', 'test', 'kernel', 'holder.js')
  return start(place.undo, {}, [process.execPath, script, JSON.stringify(holder)], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}

function idsOfMaps(dataplane: ReturnType<Place['open']>): Record<string, number> {
  return Object.fromEntries(dataplane.mapUsage().map(({ name, id }) => [name, id]))
}

testAtPlace('a start after kill -9 adopts the pins and changes nothing', async (t, place) => {
  const { dataplane, service, stopClient } = await prepare(place)
  dataplane.close()
  const holder = startHolder(place, service, [DEFAULT_FRONTENDS])
  await waitForLine(holder, /active/, 20_000 * timeScale)
  holder.kill('SIGKILL')
  await once(holder, 'exit')

  const first = place.open()
  const [maps, programs, tables] = [idsOfMaps(first), first.programs(), dumpAll(first.store)]
  const links = readdirSync(join(place.bpfFs, 'kmesh', 'links')).map((name) => [name, linkId(place, name)])
  t.ok(first.adopted)
  t.notOk(first.replaces)
  t.equal(first.activate().is, 'passed')
  t.same(first.programs(), programs, 'the programs run on')
  t.same(
    readdirSync(join(place.bpfFs, 'kmesh', 'links')).map((name) => [name, linkId(place, name)]),
    links,
  )
  t.same(dumpAll(first.store), tables, 'the tables are what they were')
  first.close()
  const second = place.open()
  t.same(idsOfMaps(second), maps, 'the maps are the same maps')
  t.ok(second.verdicts().VERDICT_ROUTED > 0n, 'counters go on')
  const { failed } = await stopClient()
  t.same(failed, [])
})

testAtPlace('a program that changed is replaced in place', async (t, place) => {
  const { dataplane, stopClient } = await prepare(place)
  const before = dataplane.programs()
  dataplane.close()
  replaceText(join(place.bpfFs, 'kmesh', 'loaded'), 'with other constants')
  const next = place.open()
  t.ok(next.adopted)
  t.same(next.programs(), before, 'not before the tables are filled')
  next.activate()
  const after = next.programs()
  t.same(
    after.map(({ hook }) => hook),
    before.map(({ hook }) => hook),
  )
  t.ok(after.every(({ id }, at) => id !== before[at]?.id))
  t.same((await stopClient()).failed, [])
})

testAtPlace('maps of another size take over once they are filled', async (t, place) => {
  const { dataplane, service, stopClient } = await prepare(place)
  const before = idsOfMaps(dataplane)
  dataplane.settings.change({ flags: 0 })
  dataplane.close()

  const next = place.open({ mapSizes: { slots: 1000 } })
  const ids = idsOfMaps(next)
  t.notOk(next.adopted)
  t.ok(next.replaces)
  t.equal(next.store.dump('frontends').count, 0, 'the new tables are empty')
  t.equal(next.members.list().length, 1, 'but for the members')
  t.equal(ids['verdicts'], before['verdicts'], 'counters go on')
  t.equal(ids['connections'], before['connections'], 'open connections are still known')
  t.not(ids['frontends'], before['frontends'])
  await sleep(100)
  writeService(next.store, { ...service, id: SERVICE_ID })
  t.equal(next.activate().is, 'passed')
  t.same(readdirSync(join(place.bpfFs, 'kmesh', 'generations')), ['2'], 'the old maps are gone')
  t.equal(readlinkSync(join(place.bpfFs, 'kmesh', 'maps')), 'generations/2')
  const { connected, failed } = await stopClient()
  t.same(failed, [])
  t.ok(connected > 0)
})

testAtPlace('pins of another layout are left alone until the new tables are filled', async (t, place) => {
  const { dataplane, service, stopClient } = await prepare(place)
  const before = idsOfMaps(dataplane)
  dataplane.close()
  // As another version would have left it.
  const settings = native().openPinnedMap(join(place.bpfFs, 'kmesh', 'maps', 'settings'))
  const held = settings.lookup(encode(u32, 0)) ?? Buffer.alloc(0)
  const layout = Settings.read(new DataView(held.buffer, held.byteOffset), 0)
  settings.update(encode(u32, 0), encode(Settings, { ...layout, layout: layoutHash + 1n }))
  settings.close()

  const next = place.open()
  t.notOk(next.adopted)
  t.same(
    Object.entries(idsOfMaps(next)).filter(([name, id]) => before[name] === id),
    [],
    'no map is shared between layouts',
  )
  t.equal(next.members.list().length, 1, 'members are kept')
  next.close()

  const again = place.open()
  t.notOk(again.adopted, 'what was not activated does not count')
  writeService(again.store, { ...service, id: SERVICE_ID })
  again.activate()
  t.same((await stopClient()).failed, [])
})

testAtPlace('a start that is killed at any point leaves the old or the new working', async (t, place) => {
  const { dataplane, service, stopClient } = await prepare(place)
  dataplane.close()
  const turns = Array.from({ length: 50 }, (_, turn) => 1000 + (turn % 2))
  const rounds = Number(process.env['KMESH_KILLS'] ?? (timeScale > 1 ? 2 : 12))
  for (let round = 0; round < rounds; round++) {
    const holder = startHolder(place, service, turns)
    await waitForLine(holder, /started/, 20_000 * timeScale)
    await sleep(Math.random() * 300 * Math.min(timeScale, 5))
    holder.kill('SIGKILL')
    await once(holder, 'exit')
  }
  const last = place.open({ mapSizes: { frontends: 1000 } })
  writeService(last.store, { ...service, id: SERVICE_ID })
  t.equal(last.activate().is, 'passed')
  t.equal(last.programs().length, readdirSync(join(place.bpfFs, 'kmesh', 'links')).length)
  t.equal(readdirSync(join(place.bpfFs, 'kmesh', 'generations')).length, 1)
  t.equal(last.members.list().length, 1)
  const groups = readdirSync(place.cgroup, { withFileTypes: true }).filter((entry) => entry.isDirectory())
  t.same(
    groups.map(({ name }) => name),
    ['kmesh-client'],
    'no group of a probe is left',
  )
  const { connected, failed } = await stopClient()
  t.same(failed, [])
  t.comment(`${connected} connections during ${rounds} kills`)
})

testAtPlace('what a killed self-test left behind is swept up', async (t, place) => {
  const first = place.open()
  const left = makeLabCgroup(place.undo, `kmesh-selftest-${2 ** 30}`, place.cgroup)
  const mine = makeLabCgroup(place.undo, `kmesh-selftest-${process.pid}`, place.cgroup)
  const member = { workload: 0n, flags: 0, dnsPort: 0 }
  first.members.put({ kind: MemberKind.MEMBER_CGROUP, id: cgroupId(left) }, member, undefined)
  first.activate()
  first.close()
  const second = place.open()
  t.ok(second.adopted)
  t.same(second.members.list(), [])
  t.notOk(existsSync(left))
  t.notOk(existsSync(mine), 'our own test has used and removed it')
})

testAtPlace('a second daemon is refused by the name of the directory, until the first is gone', async (t, place) => {
  const { dataplane, service } = await prepare(place)
  dataplane.close()
  const holder = startHolder(place, service, [DEFAULT_FRONTENDS])
  await waitForLine(holder, /active/, 20_000 * timeScale)
  const message = `${join(place.bpfFs, 'kmesh')} is in use by process ${holder.pid}: one daemon at a time`
  t.throws(() => place.open(), { name: 'KernelError', code: 'in-use', message })
  holder.kill('SIGKILL')
  await once(holder, 'exit')
  t.ok(place.open().adopted)
})

testAtPlace('hooks that somebody detached, or whose cgroup went, are reported and attached again', async (t, place) => {
  const dataplane = place.open()
  dataplane.activate()
  const link = native().openPinnedLink(join(place.bpfFs, 'kmesh', 'links', 'connect4'))
  link.detach()
  link.close()
  const errors = () => dataplane.problems().filter(({ severity }) => severity === 'error')
  t.match(errors(), [{ about: 'connect4', message: /^not attached to .* any more$/ }])
  t.match(dataplane.selfTest(), {
    is: 'failed',
    message: /^connect4: a test connection was not refused by our program/,
  })
  t.equal(dataplane.activate().is, 'passed')
  t.same(errors(), [])
})

testAtPlace('another cgroup is gone over to, hook by hook', async (t, place) => {
  const [one, other] = ['one', 'other'].map((name) => makeLabCgroup(place.undo, name, place.cgroup)) as [string, string]
  const first = place.open({ cgroupPath: one })
  first.activate()
  first.close()
  const next = place.open({ cgroupPath: other })
  t.ok(next.adopted)
  t.equal(next.activate().is, 'passed')
  const id = statSync(other, { bigint: true }).ino
  t.ok(next.programs().every(({ cgroup }) => cgroup === id))
  t.same(native().queryPrograms({ path: one }, 10), [], 'nothing is attached to the first any more')
})

function linkId(place: Place, name: string): number {
  const link = native().openPinnedLink(join(place.bpfFs, 'kmesh', 'links', name))
  const { id } = link
  link.close()
  return id
}
