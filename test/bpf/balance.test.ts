/** Which endpoint a connection gets: weights, turns, affinity, and what happens while the tables change. */
import t from 'tap'
import { addressText } from '../../controller/abi/address.ts'
import { Balance, type ConnectionRecord } from '../../controller/abi/layouts.generated.ts'
import { chiSquaredP } from '../../lab/statistics.ts'
import { refusal } from './lane.ts'
import { makeStage, rooted } from './stage.ts'
import { endpointId, frontendKey, idOf, putService, putSet, type Target, TCP, UDP } from './tables.ts'

const VIP = '10.96.0.20'
const VIP6 = 'fd96::20'
const SLOW = Number(process.env['KMESH_TIME_SCALE'] ?? 1) > 1
const BATCH = 1000

t.test('the choice of an endpoint', rooted, async (t) => {
  const stage = await makeStage(t, 'balance')
  const { client, lane, server, serverPod } = stage
  const targets = [9001, 9002, 9003].map((port) => ({ address: serverPod.ipv4, port }))
  const weighted = (...weights: number[]): Target[] =>
    targets.map((target, i) => ({ ...target, weight: weights[i] ?? 0 }))
  await server.call(
    'serve',
    targets.map((target) => ({ ...target, name: String(target.port) })),
  )

  /** Endpoints that `count` connected UDP sockets got, in order. A socket that connects sends nothing. */
  async function choices(count: number, vip = VIP): Promise<string[]> {
    const chosen: string[] = []
    while (chosen.length < count) {
      await client.call('connectDatagrams', vip, 80, Math.min(BATCH, count - chosen.length))
      const order = (one: ConnectionRecord, other: ConnectionRecord) =>
        Number(one.connection.startedNs - other.connection.startedNs)
      const seen = lane.connections().sort(order)
      chosen.push(...seen.map(({ remote, remotePort }) => `${addressText(remote)}|${remotePort}`))
      await client.call('closeDatagrams')
    }
    return chosen
  }
  const countsOf = (chosen: readonly string[]): number[] =>
    targets.map(({ address, port }) => chosen.filter((name) => name === `${address}|${port}`).length)

  await t.test('weights 80, 15 and 5 by chance', async (t) => {
    putService(lane, { vips: [VIP], port: 80, v4: weighted(80, 15, 5) })
    const counts = countsOf(await choices(SLOW ? 600 : 20_000))
    const p = chiSquaredP(counts, [80, 15, 5])
    t.comment(`${counts.join('/')}, p = ${p} (the kernel's random numbers have no seed)`)
    t.ok(p > 0.001, `${counts.join('/')} has p = ${p}`)

    const overTcp = await client.call('connectMany', VIP, 80, SLOW ? 100 : 2000, 4)
    const tcp = targets.map(({ port }) => overTcp[port] ?? 0)
    t.ok(chiSquaredP(tcp, [80, 15, 5]) > 0.001, `the same over TCP: ${tcp.join('/')}`)
    t.equal(
      tcp.reduce((sum, count) => sum + count),
      SLOW ? 100 : 2000,
      'and nothing else',
    )
  })

  await t.test('in turn, exactly', async (t) => {
    putService(lane, { vips: [VIP], port: 80, v4: targets, balance: Balance.BALANCE_ROUND_ROBIN })
    const turn = targets.map(({ address, port }) => `${address}|${port}`)
    t.same(await choices(30), Array.from({ length: 10 }, () => turn).flat())
  })

  await t.test('in turn by weights: never far from the exact share', async (t) => {
    putService(lane, { vips: [VIP], port: 80, v4: weighted(80, 15, 5), balance: Balance.BALANCE_ROUND_ROBIN })
    const chosen = await choices(SLOW ? 200 : 1000)
    for (const length of [20, 100, 200, 1000].filter((length) => length <= chosen.length)) {
      const counts = countsOf(chosen.slice(0, length))
      const away = counts.map((count, i) => Math.abs(count - ([80, 15, 5][i] ?? 0) * (length / 100)))
      t.ok(Math.max(...away) <= 4, `of ${length}: ${counts.join('/')}`)
    }
  })

  await t.test('in turn without a cursor is by chance', async (t) => {
    const id = putService(lane, { vips: [VIP], port: 80, v4: targets, balance: Balance.BALANCE_ROUND_ROBIN })
    lane.delete('cursors', id)
    const counts = countsOf(await choices(300))
    t.ok(chiSquaredP(counts, [1, 1, 1]) > 0.001, counts.join('/'))
  })

  await t.test('a share of the weights that leads to nothing is refused', async (t) => {
    const [first, second] = weighted(3, 1)
    putService(lane, { vips: [VIP], port: 80, v4: [{ ...first, refuse: true } as Target, second as Target] })
    let seen: Record<string, number> = {}
    const added = await lane.counting(async () => {
      seen = await client.call('connectMany', VIP, 80, SLOW ? 80 : 400, 4)
    })
    t.same(Object.keys(seen).sort(), ['9002', refusal()])
    t.same(added, { ROUTED: seen['9002'], REFUSED_SHARE: seen[refusal()] })
    t.ok(chiSquaredP([seen[refusal()] ?? 0, seen['9002'] ?? 0], [3, 1]) > 0.001, JSON.stringify(seen))
  })

  await t.test('affinity', async (t) => {
    const spec = { vips: [VIP], port: 80, v4: targets, affinitySeconds: 10 }
    const service = putService(lane, spec)
    const key = { service, netns: stage.cookie, ipv6: 0 }
    const connect = (count: number) => client.call('connectMany', VIP, 80, count, 1)
    const age = (seconds: number): void => {
      const has = lane.get('affinities', key)
      if (has !== undefined) lane.put('affinities', key, { ...has, usedNs: has.usedNs - BigInt(seconds) * 10n ** 9n })
    }

    let seen: Record<string, number> = {}
    const added = await lane.counting(async () => {
      seen = await connect(20)
    })
    t.same(added, { ROUTED: 1, AFFINITY: 19 })
    const [mine] = Object.keys(seen)
    t.same(seen, { [mine ?? '']: 20 }, 'a client stays with its endpoint')

    age(9)
    t.same(await lane.counting(() => connect(1)), { AFFINITY: 1 }, '9 of 10 seconds later')
    age(9)
    t.same(await lane.counting(() => connect(1)), { AFFINITY: 1 }, 'each use starts the time anew')
    age(11)
    t.same(await lane.counting(() => connect(1)), { ROUTED: 1 }, '11 seconds later it chooses again')

    const has = lane.get('affinities', key)?.endpoint
    const rest = targets.filter((target) => endpointId(target) !== has)
    putService(lane, { ...spec, v4: rest })
    let others: Record<string, number> = {}
    t.same(
      await lane.counting(async () => {
        others = await connect(10)
      }),
      { ROUTED: 1, AFFINITY: 9 },
      'its endpoint has left',
    )
    t.equal(Object.keys(others).length, 1)
    t.ok(
      rest.some(({ port }) => others[port] === 10),
      JSON.stringify(others),
    )

    putService(lane, spec)
    t.same(await lane.counting(() => connect(5)), { AFFINITY: 5 }, 'the new endpoint is in the old set too')
  })

  await t.test('affinity of IPv4 and IPv6 are apart', async (t) => {
    const v6 = [9004, 9005, 9006].map((port) => ({ address: serverPod.ipv6, port }))
    await server.call(
      'serve',
      v6.map((target) => ({ ...target, name: String(target.port) })),
    )
    putService(lane, { vips: [VIP, VIP6], port: 81, v4: targets, v6, affinitySeconds: 10 })
    const seen: Record<string, number> = {}
    const added = await lane.counting(async () => {
      for (let i = 0; i < 10; i++) {
        for (const vip of [VIP, VIP6]) {
          const result = await client.call('connect', vip, 81)
          const name = 'error' in result ? result.error : result.server
          seen[name] = (seen[name] ?? 0) + 1
        }
      }
    })
    t.same(added, { ROUTED: 2, AFFINITY: 18 })
    t.same(Object.values(seen), [10, 10], JSON.stringify(seen))
  })

  await t.test('tables that never agree are refused', async (t) => {
    const id = idOf('unsettled')
    const key = frontendKey('10.96.0.21', 80, TCP)
    const frontend = { service: id, self: key, serviceAgain: id }
    const set = putSet(lane, targets)
    const service = {
      id,
      v4: set,
      v6: { id: 0n, count: 0 },
      balance: Balance.BALANCE_RANDOM,
      affinitySeconds: 0,
      flags: 0,
      idAgain: id,
    }
    const unsettled = async (what: string): Promise<void> => {
      const added = await lane.counting(async () => {
        t.same(await client.call('connect', '10.96.0.21', 80), { error: refusal() }, what)
      })
      t.same(added, { UNSETTLED: 1 }, what)
    }
    lane.put('frontends', key, frontend)
    await unsettled('no service')
    lane.put('services', id, { ...service, idAgain: 1n })
    await unsettled('another service behind')
    lane.put('services', id, { ...service, id: 1n })
    await unsettled('another service in front')
    lane.put('services', id, { ...service, v4: { id: 77n, count: 3 } })
    await unsettled('no slots')
    lane.put('services', id, service)
    t.match(await client.call('connect', '10.96.0.21', 80), { server: /^900/ }, 'all is well')
    for (const other of [
      { ...frontend, self: frontendKey('10.96.0.21', 81, TCP) },
      { ...frontend, self: frontendKey('10.96.0.22', 80, TCP) },
      { ...frontend, self: frontendKey('10.96.0.21', 80, UDP) },
      { ...frontend, serviceAgain: 1n },
    ]) {
      lane.put('frontends', key, other)
      await unsettled('another frontend')
    }
    lane.put('frontends', key, frontend)
    for (let slot = 0; slot < targets.length; slot++) {
      const own = lane.get('slots', { set: set.id, slot })
      if (own !== undefined) lane.put('slots', { set: set.id, slot }, { ...own, setAgain: 1n })
    }
    await unsettled('another slot behind')
    lane.delete('frontends', key)
    t.same(await lane.counting(() => client.call('connect', '10.96.0.21', 80)), { NO_SERVICE: 1 })
  })
})
