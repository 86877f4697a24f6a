/** The daemon dies and comes back: traffic does not notice. */
import t from 'tap'
import type { Pod } from '../../lab/network.ts'
import { Agent } from '../bpf/agent.ts'
import { endpointsYaml, needsRoot, serviceYaml, startMesh } from './mesh.ts'

const [ADDRESS, PORT, TARGET] = ['10.96.0.50', 80, 8080]

t.test('kill -9 under load', needsRoot, async (t) => {
  const yaml = (pods: readonly Pod[]): string =>
    serviceYaml({ name: 'shop', addresses: [ADDRESS], port: PORT, targetPort: TARGET }) +
    endpointsYaml(
      'shop',
      TARGET,
      pods.map(({ ipv4 }) => ({ address: ipv4 })),
    )
  const { undo, client, servers, member, daemon } = await startMesh(t, 'restart', 2, (pods) => ({
    'mesh.yaml': yaml(pods),
  }))
  for (const pod of servers) {
    const agent = new Agent(undo, { pod })
    await agent.call('serve', [{ address: pod.ipv4, port: TARGET, name: pod.ipv4 }])
    await agent.call('serveExchange', { address: pod.ipv4, port: TARGET + 1, reads: 5, writes: 7, ends: false })
  }
  const agent = new Agent(undo, member(client))
  const held = await agent.call('hold', servers[0]?.ipv4 ?? '', TARGET + 1)
  let running = true
  const failures: string[] = []
  let connections = 0
  const load = (async () => {
    while (running) {
      const result = await agent.call('connect', ADDRESS, PORT)
      connections++
      if ('error' in result) failures.push(result.error)
    }
  })()

  const dump = (): Promise<string> => daemon.kmeshctl('dump', 'all', '-o', 'json')
  const before = await dump()
  await daemon.end('SIGKILL')
  const atDeath = connections
  while (connections < atDeath + 50) await new Promise((resolve) => setTimeout(resolve, 10))
  t.same(failures, [], 'connections go on without the daemon')
  await agent.call('exchange', held, 5, 7)
  t.pass('a connection from before still carries data')

  await daemon.launch()
  /** Nobody knows what ids stand for while the configuration cannot be read. */
  const nameless = (text: string): unknown =>
    sections(text.replaceAll(/,?\s*"name": "[^"]*"/g, '').replaceAll(/"of": \[[^\]]*\]/g, '"of": []'))
  const sections = (text: string): unknown => {
    const { members, ...tables } = JSON.parse(text) as Record<string, unknown>
    return tables
  }
  t.same(sections(await dump()), sections(before), 'the next daemon finds its own state')
  const status = JSON.parse(await daemon.kmeshctl('status', '-o', 'json')) as { lastReload: { written: number } }
  t.equal(status.lastReload.written, 0, 'and writes nothing')
  t.match(await daemon.kmeshctl('status'), /member/)

  await daemon.end('SIGTERM')
  const atEnd = connections
  while (connections < atEnd + 50) await new Promise((resolve) => setTimeout(resolve, 10))
  daemon.write('mesh.yaml', 'kind: [unclosed')
  await daemon.launch()
  const whileBroken = connections
  while (connections < whileBroken + 50) await new Promise((resolve) => setTimeout(resolve, 10))
  t.same(nameless(await dump()), nameless(before), 'a file that is broken at the start takes nothing away')
  daemon.write('mesh.yaml', yaml(servers))
  await daemon.kmeshctl('reload')
  t.same(sections(await dump()), sections(before), 'nor when it is mended')
  running = false
  await load
  t.comment(`${connections} connections`)
  t.same(failures, [], 'not one connection failed')
})
