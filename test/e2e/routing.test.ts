/** From YAML to real traffic: shares, protocols, families, what applications see, and what is left alone. */
import t from 'tap'
import { chiSquaredP } from '../../lab/statistics.ts'
import { Agent } from '../bpf/agent.ts'
import { endpointsYaml, needsRoot, podYaml, serviceYaml, splitYaml, startMesh, TIME_SCALE } from './mesh.ts'

const SHARES = { v1: 80, v2: 15, v3: 5 }
const VERSIONS = Object.keys(SHARES)
const [V4, V6, PORT, TARGET] = ['10.96.0.30', 'fd00:96::30', 80, 8080]
/** 20,000 on a machine of its own; emulated ones are slow. */
const CONNECTIONS = TIME_SCALE > 1 ? 1500 : 20_000

t.test('three versions, TCP and UDP, both families', needsRoot, async (t) => {
  const { undo, client, servers, member, daemon } = await startMesh(t, 'routing', 3, (pods) => ({
    'mesh.yaml': [
      serviceYaml({ name: 'shop', addresses: [V4, V6], port: PORT, targetPort: TARGET }),
      ...pods.map(({ ipv4, ipv6 }, i) => podYaml('shop', VERSIONS[i] ?? '', [ipv4, ipv6])),
      endpointsYaml(
        'shop',
        TARGET,
        pods.flatMap(({ ipv4, ipv6 }, i) => [ipv4, ipv6].map((address) => ({ address, version: VERSIONS[i] ?? '' }))),
      ),
      splitYaml('shop', SHARES),
      serviceYaml({ name: 'empty', addresses: ['10.96.0.31'], port: PORT, targetPort: TARGET }),
    ].join(''),
  }))
  for (const [i, pod] of servers.entries()) {
    const agent = new Agent(undo, { pod })
    const name = VERSIONS[i] ?? ''
    await agent.call(
      'serve',
      [pod.ipv4, pod.ipv6].map((address) => ({ address, port: TARGET, name })),
    )
  }
  const agent = new Agent(undo, member(client))

  await t.test('the shares are those of the weights', async (t) => {
    const seen = await agent.call('connectMany', V4, PORT, CONNECTIONS, 16)
    const counts = VERSIONS.map((version) => seen[version] ?? 0)
    t.comment(`${CONNECTIONS} connections: ${JSON.stringify(seen)}`)
    t.equal(
      counts.reduce((sum, count) => sum + count, 0),
      CONNECTIONS,
      'not one failed',
    )
    const p = chiSquaredP(counts, Object.values(SHARES))
    t.ok(p > 0.0001, `p = ${p}`)
  })

  await t.test('the application sees the service, in every family', async (t) => {
    t.match(await agent.call('connect', V4, PORT), { peer: `${V4}|${PORT}`, server: /^v/ })
    t.match(await agent.call('connect', V6, PORT), { peer: `${V6}|${PORT}`, server: /^v/ })
    t.match(await agent.call('connect', `::ffff:${V4}`, PORT), { peer: `::ffff:${V4}|${PORT}`, server: /^v/ })
  })

  await t.test('datagrams come back from the service', async (t) => {
    for (const [kind, address] of [
      ['udp4', V4],
      ['udp6', V6],
    ] as const) {
      const socket = await agent.call('openDatagram', kind)
      const first = await agent.call('ask', socket, address, PORT)
      t.match(first, { text: /^v/, from: `${address}|${PORT}` }, kind)
      t.same(await agent.call('ask', socket, address, PORT), first, 'a flow keeps its endpoint')
      const connected = await agent.call('openDatagram', kind)
      t.match(await agent.call('connectDatagram', connected, address, PORT), { peer: `${address}|${PORT}` })
      t.match(await agent.call('ask', connected), { text: /^v/, from: `${address}|${PORT}` }, `${kind}, connected`)
    }
  })

  await t.test('pod addresses are left alone', async (t) => {
    for (const [i, { ipv4, ipv6 }] of servers.entries()) {
      for (const address of [ipv4, ipv6]) {
        t.same(await agent.call('connect', address, TARGET), { server: VERSIONS[i], peer: `${address}|${TARGET}` })
      }
    }
  })

  await t.test('a service without endpoints refuses at once', async (t) => {
    const { error } = (await agent.call('connect', '10.96.0.31', PORT)) as { error: string }
    t.match(error, /^(ECONNREFUSED|EPERM)$/)
  })

  await t.test('who is not a member is not touched', async (t) => {
    const stranger = new Agent(undo, { pod: client })
    t.match(await stranger.call('connect', V4, PORT), { error: /./ }, 'outside of the cgroup')
  })

  await t.test('a bypassed member is left alone, at once and back', async (t) => {
    await daemon.kmeshctl('bypass', '--netns', client.netnsPath, 'on')
    t.match(await agent.call('connect', V4, PORT), { error: /./ })
    await daemon.kmeshctl('bypass', '--netns', client.netnsPath, 'off')
    t.match(await agent.call('connect', V4, PORT), { server: /^v/ })
  })

  await t.test('the metrics count it by service and version', async (t) => {
    const metrics = await daemon.metrics()
    t.match(metrics, /istio_tcp_connections_opened_total\{.*destination_version="v1".*destination_service_name="shop"/)
    t.match(metrics, /kmesh_lane_total\{lane="connect",reason="routed"\} [1-9]/)
  })
})
