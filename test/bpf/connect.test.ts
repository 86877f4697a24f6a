/** connect(2) of TCP: which sockets are routed, where to, and what they see of it. */
import t from 'tap'
import { MemberFlags, MemberKind } from '../../controller/abi/layouts.generated.ts'
import { makeLabCgroup } from '../../lab/cgroup.ts'
import { Agent } from './agent.ts'
import { refusal } from './lane.ts'
import { cgroupDepth, cgroupId, makeStage, rooted } from './stage.ts'
import { enrol, putService } from './tables.ts'

const VIP = '10.96.0.10'
const VIP6 = 'fd96::10'
const EMPTY = '10.96.0.11'
const EMPTY6 = 'fd96::11'
const ONLY_V4 = '10.96.0.12'
const ONLY_V4_6 = 'fd96::12'
const ONLY_V6 = '10.96.0.13'

t.test('connect(2) of TCP', rooted, async (t) => {
  const stage = await makeStage(t, 'connect')
  const { client, clientCgroup, clientPod, lane, server, serverPod } = stage
  const v4 = { address: serverPod.ipv4, port: 9001 }
  const v6 = { address: serverPod.ipv6, port: 9001 }
  await server.call('serve', [
    { ...v4, name: 'four' },
    { ...v6, name: 'six' },
  ])
  putService(lane, { vips: [VIP, VIP6], port: 80, v4: [v4], v6: [v6] })
  putService(lane, { vips: [EMPTY, EMPTY6], port: 80 })
  putService(lane, { vips: [ONLY_V4, ONLY_V4_6], port: 80, v4: [v4] })
  putService(lane, { vips: [ONLY_V6], port: 80, v6: [v6] })

  await t.test('a member reaches an endpoint, and sees the address it asked for', async (t) => {
    for (const [asked, served] of [
      [VIP, 'four'],
      [VIP6, 'six'],
      [`::ffff:${VIP}`, 'four'],
    ] as const) {
      const added = await lane.counting(async () => {
        t.same(await client.call('connect', asked, 80), { server: served, peer: `${asked}|80` }, asked)
      })
      t.same(added, { ROUTED: 1 })
    }
  })

  await t.test('a service without endpoints refuses at once', async (t) => {
    for (const asked of [EMPTY, EMPTY6, `::ffff:${EMPTY}`]) {
      const added = await lane.counting(async () => {
        t.same(await client.call('connect', asked, 80), { error: refusal() }, asked)
      })
      t.same(added, { NO_ENDPOINT: 1 })
    }
  })

  await t.test('an endpoint of the other family does not stand in', async (t) => {
    const added = await lane.counting(async () => {
      t.same(await client.call('connect', ONLY_V4, 80), { server: 'four', peer: `${ONLY_V4}|80` })
      t.same(await client.call('connect', ONLY_V4_6, 80), { error: refusal() }, 'IPv6 to a service with IPv4 only')
      t.same(await client.call('connect', ONLY_V6, 80), { error: refusal() }, 'IPv4 to a service with IPv6 only')
      t.same(await client.call('connect', `::ffff:${ONLY_V6}`, 80), { error: refusal() }, 'the same, mapped')
    })
    t.same(added, { ROUTED: 1, NO_ENDPOINT: 3 })
  })

  await t.test('an address that is no service is left alone', async (t) => {
    const added = await lane.counting(async () => {
      for (const [address, served] of [
        [serverPod.ipv4, 'four'],
        [serverPod.ipv6, 'six'],
        [`::ffff:${serverPod.ipv4}`, 'four'],
      ] as const) {
        t.same(await client.call('connect', address, 9001), { server: served, peer: `${address}|9001` }, address)
      }
    })
    t.same(added, { NO_SERVICE: 3 })
  })

  await t.test('another port of the same address is no service', async (t) => {
    const added = await lane.counting(async () => {
      t.same(await client.call('connect', VIP, 81), { error: 'EHOSTUNREACH' })
    })
    t.same(added, { NO_SERVICE: 1 })
  })

  await t.test('who is not a member is left alone', async (t) => {
    const added = await lane.counting(async () => {
      t.same(await server.call('connect', serverPod.ipv4, 9001), { server: 'four', peer: `${serverPod.ipv4}|9001` })
    })
    t.same(added, { NOT_MEMBER: 1 })
    stage.leave()
    t.same(await lane.counting(() => client.call('connect', EMPTY, 80)), { NOT_MEMBER: 1 })
    stage.enrol()
    t.same(await lane.counting(() => client.call('connect', EMPTY, 80)), { NO_ENDPOINT: 1 })
  })

  await t.test('a bypassed member is left alone, from one connection to the next', async (t) => {
    stage.enrol({ flags: MemberFlags.MEMBER_BYPASS })
    const added = await lane.counting(async () => {
      t.same(await client.call('connect', VIP, 80), { error: 'EHOSTUNREACH' })
    })
    t.same(added, { BYPASSED: 1 })
    stage.enrol()
    t.same(await client.call('connect', VIP, 80), { server: 'four', peer: `${VIP}|80` })
  })

  await t.test('members by cgroup: the innermost one that is enrolled decides', async (t) => {
    stage.leave()
    const outer = makeLabCgroup(stage.undo, 'outer', clientCgroup)
    const inner = makeLabCgroup(stage.undo, 'inner', outer)
    const agent = new Agent(stage.undo, { pod: clientPod, cgroup: inner })
    const depth = cgroupDepth(inner)
    const connect = () => lane.counting(() => agent.call('connect', VIP, 80))
    const levels = (...at: number[]) =>
      stage.settings({ cgroupLevels: at.reduce((bits, level) => bits | (1 << level), 0) })

    levels(depth - 1)
    t.same(await connect(), { NOT_MEMBER: 1 }, 'nobody is enrolled')
    enrol(lane, MemberKind.MEMBER_CGROUP, cgroupId(outer))
    t.same(await connect(), { ROUTED: 1 }, 'the outer one is')
    levels(depth)
    t.same(await connect(), { NOT_MEMBER: 1 }, 'but no member is said to lie at its level')
    levels(depth - 1, depth)
    enrol(lane, MemberKind.MEMBER_CGROUP, cgroupId(inner), { flags: MemberFlags.MEMBER_BYPASS })
    t.same(await connect(), { BYPASSED: 1 }, 'the inner one is bypassed')
    enrol(lane, MemberKind.MEMBER_CGROUP, cgroupId(inner))
    enrol(lane, MemberKind.MEMBER_CGROUP, cgroupId(outer), { flags: MemberFlags.MEMBER_BYPASS })
    t.same(await connect(), { ROUTED: 1 }, 'the outer one is bypassed, the inner one is not')
    t.same(await lane.counting(() => client.call('connect', VIP, 80)), { NOT_MEMBER: 1 }, 'a process beside them')
    stage.enrol({ flags: MemberFlags.MEMBER_BYPASS })
    t.same(await connect(), { BYPASSED: 1 }, 'the network namespace goes before the cgroup')
    stage.enrol()
    stage.settings({})
  })

  await t.test("the daemon's own sockets in a member's namespace are left alone", async (t) => {
    const socket = await client.call('openMarkedDatagram')
    const added = await lane.counting(async () => {
      t.same(await client.call('connectDatagram', socket, EMPTY, 80), { error: 'EHOSTUNREACH' })
    })
    t.same(added, { NOT_MEMBER: 1 })
    await client.call('closeDatagrams')
  })
})
