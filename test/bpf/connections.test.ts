/** The list of open connections (`kmeshctl conns`), and the network namespace's cookie by BPF. */
import t from 'tap'
import { addressText } from '../../controller/abi/address.ts'
import {
  ConnectionFlags,
  type ConnectionRecord,
  MemberKind,
  SettingsFlags,
  Verdict,
} from '../../controller/abi/layouts.generated.ts'
import { native } from '../../native/index.ts'
import { features } from './lane.ts'
import { makeStage, rooted } from './stage.ts'
import { bytesOf, endpointId, enrol, idOf, putService, TCP, UDP, workloadId } from './tables.ts'

const VIP = '10.96.0.50'
const VIP6 = 'fd96::50'
const ESTABLISHED = 1

t.test('open connections', rooted, async (t) => {
  const stage = await makeStage(t, 'connections')
  const { client, clientPod, lane, server, serverPod } = stage
  const v4 = { address: serverPod.ipv4, port: 9001 }
  const v6 = { address: serverPod.ipv6, port: 9001 }
  const service = putService(lane, { vips: [VIP, VIP6], port: 80, v4: [v4], v6: [v6] })
  stage.enrol({ workload: idOf('client') })
  stage.settings({ flags: SettingsFlags.SETTINGS_TRAFFIC })
  const isAccepted = ({ connection }: ConnectionRecord) => connection.verdict === Verdict.VERDICT_ACCEPTED

  await t.test('none', async (t) => t.same(lane.connections(), []))

  for (const [places, asked, target, local] of [
    ['free', VIP, v4, clientPod.ipv4],
    ['free', VIP6, v6, clientPod.ipv6],
    ['free', `::ffff:${VIP}`, v4, clientPod.ipv4],
    ['taken', VIP, v4, clientPod.ipv4],
    ['taken', VIP6, v6, clientPod.ipv6],
    ['abandoned', VIP, v4, clientPod.ipv4],
  ] as const) {
    await t.test(`TCP to ${asked}, ${places}`, async (t) => {
      lane.setPlaces(places)
      const before = native().monotonicNs()
      await server.call('serveExchange', { ...target, reads: 700, writes: 900, ends: false })
      const id = await client.call('hold', asked, 80)
      await client.call('exchange', id, 700, 900)
      t.equal(lane.placesUsed(), places === 'taken' ? 0 : 1, 'where it is kept')
      const [found, ...more] = lane.connections()
      t.same(more, [])
      t.match(found, {
        connection: {
          port: 9001,
          service,
          endpoint: endpointId(target),
          source: idOf('client'),
          destination: workloadId(target),
          verdict: Verdict.VERDICT_ROUTED,
          flags:
            ConnectionFlags.CONNECTION_ESTABLISHED |
            ConnectionFlags.CONNECTION_COUNTED |
            ConnectionFlags.CONNECTION_WATCHED,
          asked: { port: 80, protocol: TCP },
        },
        sentBytes: 700n,
        receivedBytes: 900n,
        remotePort: 9001,
        state: ESTABLISHED,
      })
      if (found === undefined) return
      const texts = [found.connection.asked.vip, found.connection.ip, found.remote, found.local].map(addressText)
      t.same(texts, [asked.replace('::ffff:', ''), target.address, target.address, local])
      t.ok(found.localPort > 0 && found.connection.startedNs > before)
      await client.call('release', id, 'end')
      t.same([lane.connections(), lane.placesUsed()], [[], 0], 'gone when it is closed')
      await server.call('stopServing', target.address, target.port)
    })
  }

  await t.test('a connect that failed before it sent anything leaves its place, marked as abandoned', async (t) => {
    lane.setPlaces('free')
    putService(lane, { vips: ['10.96.0.51'], port: 80, v4: [{ address: '10.96.1.1', port: 1 }] })
    t.same(await client.call('connect', '10.96.0.51', 80), { error: 'EHOSTUNREACH' })
    const left = lane.entries('fast_connections').filter(([, { socket }]) => socket !== 0n)
    t.equal(left.length, 1)
    t.same(lane.connections(), [], 'it is none that is open')
    t.match(left[0]?.[1], { connection: { flags: 0, port: 1 } }, 'by this it is known')
    lane.setPlaces('free')
  })

  await t.test('UDP while it is connected', async (t) => {
    const socket = await client.call('openDatagram', 'udp4')
    await client.call('connectDatagram', socket, VIP, 80)
    const [found, ...more] = lane.connections()
    t.same(more, [])
    t.match(found, { state: ESTABLISHED, remotePort: 9001, connection: { asked: { protocol: UDP, port: 80 } } })
    await client.call('disconnectDatagram', socket)
    t.same(lane.connections(), [], 'disconnected')
    await client.call('closeDatagrams')
  })

  await t.test(
    'accepted by a member',
    { skip: features.sockopsNetnsCookie() ? false : 'needs kernel 5.15' },
    async (t) => {
      enrol(lane, MemberKind.MEMBER_NETNS, stage.serverCookie, { workload: idOf('server') })
      lane.put('workloads', bytesOf(clientPod.ipv4), idOf('client'))
      await server.call('serveExchange', { ...v4, reads: 5, writes: 6, ends: false })
      const id = await client.call('hold', VIP, 80)
      await client.call('exchange', id, 5, 6)
      const found = lane.connections().filter(isAccepted)
      t.equal(found.length, 1)
      t.match(found[0], {
        connection: { source: idOf('client'), destination: idOf('server'), service: 0n, port: 9001 },
        sentBytes: 6n,
        receivedBytes: 5n,
        localPort: 9001,
        state: ESTABLISHED,
      })
      await client.call('release', id, 'end')
      await server.call('stopServing', v4.address, v4.port)
    },
  )

  await t.test('the cookie is the one that the system call gives', async (t) => {
    t.not(stage.cookie, stage.serverCookie)
    t.ok(stage.cookie > 0n)
    let byCall: bigint
    try {
      byCall = native().netnsCookie(clientPod.netnsPath)
    } catch (error) {
      t.match(error, { code: 'ENOPROTOOPT' }, 'a kernel without the call')
      return
    }
    t.equal(byCall, stage.cookie)
  })
})
