/** What is counted of TCP connections and written to the access log, at both ends. */

import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { addressText } from '../../controller/abi/address.ts'
import {
  type ConnectionEvent,
  MemberKind,
  Reporter,
  SettingsFlags,
  type Traffic,
  Verdict,
} from '../../controller/abi/layouts.generated.ts'
import { inNamespace } from '../../lab/netns.ts'
import { native } from '../../native/index.ts'
import { features } from './lane.ts'
import { makeStage, rooted, type Stage } from './stage.ts'
import { bytesOf, enrol, idOf, putService, TCP, workloadId } from './tables.ts'

const VIP = '10.96.0.40'
const VIP6 = 'fd96::40'
const EMPTY = '10.96.0.41'
const CLOSED = '10.96.0.42'
const PATIENCE_MS = 5000 * Number(process.env['KMESH_TIME_SCALE'] ?? 1)
const BOTH = SettingsFlags.SETTINGS_TRAFFIC | SettingsFlags.SETTINGS_ACCESS_LOG

const CLIENT = idOf('client')
const SERVER = idOf('server')

/** Reads events until there are as many as expected. */
async function takeEvents({ lane }: Stage, count: number): Promise<ConnectionEvent[]> {
  const events: ConnectionEvent[] = []
  for (const end = Date.now() + PATIENCE_MS; events.length < count && Date.now() < end; await sleep(5)) {
    events.push(...lane.events())
  }
  return events
}

/** What one end says in `traffic`; zeros are left out. How often a segment is repeated is up to the machine's load. */
function counted(stage: Stage, reporter: Reporter): Record<string, number> {
  const { retransmitted: _, lost: __, ...rest } = countedAll(stage, reporter)
  return rest
}

function countedAll({ lane }: Stage, reporter: Reporter): Record<string, number> {
  const sums: Record<string, number> = {}
  for (const { key, value } of lane.traffic()) {
    if (key.reporter !== reporter) continue
    for (const field of Object.keys(value) as (keyof Traffic)[]) {
      if (value[field] > 0n) sums[field] = (sums[field] ?? 0) + Number(value[field])
    }
  }
  return sums
}

t.test('traffic and events', rooted, async (t) => {
  const stage = await makeStage(t, 'traffic')
  const { client, clientPod, lane, server, serverPod } = stage
  const inbound = features.sockopsNetnsCookie()
  const target = { address: serverPod.ipv4, port: 9001 }
  const target6 = { address: serverPod.ipv6, port: 9001 }
  const service = putService(lane, { vips: [VIP, VIP6], port: 80, v4: [target], v6: [target6] })
  const empty = putService(lane, { vips: [EMPTY], port: 80 })
  putService(lane, { vips: [CLOSED], port: 80, v4: [{ ...target, port: 9009 }] })
  stage.enrol({ workload: CLIENT })
  enrol(lane, MemberKind.MEMBER_NETNS, stage.serverCookie)
  lane.put('workloads', bytesOf(clientPod.ipv4), CLIENT)
  lane.put('workloads', bytesOf(clientPod.ipv6), CLIENT)
  lane.put('workloads', bytesOf(serverPod.ipv4), SERVER)
  lane.put('workloads', bytesOf(serverPod.ipv6), SERVER)
  t.beforeEach(() => {
    lane.clear('traffic')
    lane.events()
    stage.settings({ flags: BOTH })
  })
  const ends = inbound ? 2 : 1

  /** One connection on which `writes` bytes go and `reads` come back. */
  async function exchange(
    asked: string,
    address: string,
    writes: number,
    reads: number,
    how: 'end' | 'answer' | 'reset',
  ) {
    await server.call('serveExchange', { address, port: 9001, reads: writes, writes: reads, ends: how === 'answer' })
    const id = await client.call('hold', asked, 80)
    await client.call('exchange', id, writes, reads)
    await client.call('release', id, how)
    const events = await takeEvents(stage, ends)
    await server.call('stopServing', address, 9001)
    return events
  }

  function checkEvents(
    t: Test,
    events: readonly ConnectionEvent[],
    asked: string,
    writes: number,
    reads: number,
  ): void {
    const six = !asked.includes('.')
    const [from, to] = six ? [clientPod.ipv6, serverPod.ipv6] : [clientPod.ipv4, serverPod.ipv4]
    t.equal(events.length, ends)
    for (const event of events) {
      const source = event.reporter === Reporter.REPORTER_SOURCE
      const what = source ? 'source' : 'destination'
      t.match(
        event,
        {
          source: CLIENT,
          destination: source ? workloadId(six ? target6 : target) : SERVER,
          service: source ? service : 0n,
          verdict: source ? Verdict.VERDICT_ROUTED : Verdict.VERDICT_ACCEPTED,
          protocol: TCP,
          sentBytes: BigInt(source ? writes : reads),
          receivedBytes: BigInt(source ? reads : writes),
        },
        what,
      )
      t.same([addressText(event.local), addressText(event.remote)], source ? [from, to] : [to, from], what)
      t.equal(source ? event.remotePort : event.localPort, 9001, what)
      t.same(
        [addressText(event.asked.vip), event.asked.port, event.asked.protocol],
        source ? [asked.replace('::ffff:', ''), 80, TCP] : [to, 9001, TCP],
        what,
      )
      t.ok(event.atNs <= native().monotonicNs() && event.durationNs > 0n && event.durationNs < event.atNs, what)
      t.ok(event.minRttUs > 0 && event.srttUs >= event.minRttUs && event.srttUs < 1e7, `${what}: ${event.srttUs} us`)
    }
    const [one, other] = events
    if (one !== undefined && other !== undefined) t.equal(one.localPort, other.remotePort)
  }

  for (const [how, places] of [
    ['end', 'taken'],
    ['end', 'free'],
    ['answer', 'free'],
  ] as const) {
    const first = how === 'end' ? 'the client' : 'the server'
    await t.test(`${first} ends first, places are ${places}: exact bytes at both ends`, async (t) => {
      lane.setPlaces(places)
      for (const [asked, address, writes, reads] of [
        [VIP, serverPod.ipv4, 1000, 50_000],
        [VIP6, serverPod.ipv6, 1, 1],
        [`::ffff:${VIP}`, serverPod.ipv4, 300_000, 20],
      ] as const) {
        lane.clear('traffic')
        const added = await lane.counting(async () => {
          checkEvents(t, await exchange(asked, address, writes, reads, how), asked, writes, reads)
        })
        t.match(added, inbound ? { ROUTED: 1, ACCEPTED: 1 } : { ROUTED: 1 })
        const sums = { opened: 1, closed: 1, sentBytes: writes, receivedBytes: reads }
        t.same(counted(stage, Reporter.REPORTER_SOURCE), sums)
        const mirrored = { opened: 1, closed: 1, sentBytes: reads, receivedBytes: writes }
        t.same(counted(stage, Reporter.REPORTER_DESTINATION), inbound ? mirrored : {})
      }
    })
  }

  await t.test('the keys of the counters', async (t) => {
    await exchange(VIP, serverPod.ipv4, 10, 10, 'end')
    const keys = lane.traffic().map(({ key }) => key)
    const source = { source: CLIENT, destination: workloadId(target), service, reporter: 0, protocol: TCP }
    const destination = { source: CLIENT, destination: SERVER, service: 0n, reporter: 1, protocol: TCP }
    t.same(
      keys.sort((a, b) => a.reporter - b.reporter),
      inbound ? [source, destination] : [source],
    )
  })

  await t.test('a connection that is reset counts what arrived', async (t) => {
    const events = await exchange(VIP, serverPod.ipv4, 2000, 3000, 'reset')
    const source = events.find(({ reporter }) => reporter === Reporter.REPORTER_SOURCE)
    t.match(source, { sentBytes: 2000n, receivedBytes: 3000n, verdict: Verdict.VERDICT_ROUTED })
    const destination = events.find(({ reporter }) => reporter === Reporter.REPORTER_DESTINATION)
    if (inbound) t.match(destination, { receivedBytes: 2000n })
    // The client's kernel may not have acknowledged the last of it yet.
    if (inbound) t.ok((destination?.sentBytes ?? 0n) <= 3000n)
  })

  await t.test('an endpoint that does not answer', async (t) => {
    const added = await lane.counting(async () => {
      t.same(await client.call('connect', CLOSED, 80), { error: 'ECONNREFUSED' })
    })
    t.same(added, { ROUTED: 1, CONNECT_FAILED: 1 })
    t.same(counted(stage, Reporter.REPORTER_SOURCE), { failed: 1 })
    const [event, ...more] = await takeEvents(stage, 1)
    t.match(event, {
      verdict: Verdict.VERDICT_CONNECT_FAILED,
      source: CLIENT,
      sentBytes: 0n,
      receivedBytes: 0n,
      remotePort: 9009,
    })
    t.same(more, [])
  })

  await t.test('a connection that we refuse', async (t) => {
    const before = native().monotonicNs()
    await client.call('connect', EMPTY, 80)
    t.same(counted(stage, Reporter.REPORTER_SOURCE), { failed: 1 })
    t.same(
      lane.traffic().map(({ key }) => key),
      [{ source: CLIENT, destination: 0n, service: empty, reporter: 0, protocol: TCP }],
    )
    const [event, ...more] = await takeEvents(stage, 1)
    t.match(event, {
      verdict: Verdict.VERDICT_NO_ENDPOINT,
      source: CLIENT,
      destination: 0n,
      service: empty,
      durationNs: 0n,
    })
    t.same([addressText(event?.asked.vip ?? new Uint8Array(16)), event?.asked.port], [EMPTY, 80])
    t.ok((event?.atNs ?? 0n) >= before)
    t.same(more, [])
  })

  await t.test('lost segments and their repetition', async (t) => {
    const bridge = `${stage.network.prefix}-bridge`
    await server.call('serveExchange', { ...target, reads: 1000, writes: 1, ends: false })
    const id = await client.call('hold', VIP, 80)
    await inNamespace(bridge, 'ip', 'link', 'set', 'pod1', 'nomaster')
    const done = client.call('exchange', id, 1000, 1)
    await sleep(600)
    await inNamespace(bridge, 'ip', 'link', 'set', 'pod1', 'master', 'kmesh0')
    await done
    await client.call('release', id, 'end')
    const events = await takeEvents(stage, ends)
    const source = events.find(({ reporter }) => reporter === Reporter.REPORTER_SOURCE)
    t.ok((source?.retransmitted ?? 0) > 0, `${source?.retransmitted} retransmitted`)
    t.ok((source?.lost ?? 0) > 0, `${source?.lost} lost`)
    t.match(source, { sentBytes: 1000n, receivedBytes: 1n })
    const sums = countedAll(stage, Reporter.REPORTER_SOURCE)
    t.match(sums, { retransmitted: source?.retransmitted, lost: source?.lost })
    await server.call('stopServing', target.address, target.port)
  })

  await t.test('switched off, nothing is counted or logged but the verdicts', async (t) => {
    stage.settings({})
    const added = await lane.counting(async () => {
      t.same(await exchangeUnseen(), [])
      await client.call('connect', EMPTY, 80)
    })
    t.match(added, { ROUTED: 1, NO_ENDPOINT: 1 })
    t.same(lane.traffic(), [])
    t.same(lane.events(), [])
  })

  async function exchangeUnseen(): Promise<ConnectionEvent[]> {
    await server.call('serveExchange', { ...target, reads: 10, writes: 10, ends: false })
    const id = await client.call('hold', VIP, 80)
    await client.call('exchange', id, 10, 10)
    await client.call('release', id, 'end')
    await server.call('stopServing', target.address, target.port)
    return lane.events()
  }

  await t.test('a connection that was not counted as opened is not counted as closed', async (t) => {
    await server.call('serveExchange', { ...target, reads: 10, writes: 10, ends: false })
    stage.settings({})
    const id = await client.call('hold', VIP, 80)
    stage.settings({ flags: BOTH })
    await client.call('exchange', id, 10, 10)
    await client.call('release', id, 'end')
    t.equal((await takeEvents(stage, 1)).length, 1, 'but it is logged')
    t.same(counted(stage, Reporter.REPORTER_SOURCE), {})
    await server.call('stopServing', target.address, target.port)
  })
})
