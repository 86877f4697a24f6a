/** Configuration that changes under load: nobody fails, nobody reaches what was removed, every state is whole. */
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { Agent } from '../bpf/agent.ts'
import { endpointsYaml, needsRoot, serviceYaml, startMesh, TIME_SCALE } from './mesh.ts'

const [ADDRESS, PORT, TARGET] = ['10.96.0.40', 80, 8080]
const SECONDS = Number(process.env['KMESH_CHURN_SECONDS'] ?? 4)
/** A change must be in force long before: an absolute time is the bench's business. */
const LATE_MS = 1000 * TIME_SCALE
const PER_SECOND = TIME_SCALE > 1 ? 10 : 100

interface DumpedSlots {
  readonly services: readonly { readonly v4: { readonly slots: number; readonly complete: boolean } }[]
}

t.test('endpoints that come and go under load', needsRoot, async (t) => {
  const yaml = (addresses: readonly string[]): string =>
    serviceYaml({ name: 'shop', addresses: [ADDRESS], port: PORT, targetPort: TARGET }) +
    endpointsYaml(
      'shop',
      TARGET,
      addresses.map((address) => ({ address })),
    )
  const { undo, client, servers, member, daemon } = await startMesh(t, 'changes', 4, (pods) => ({
    'mesh.yaml': yaml(pods.map(({ ipv4 }) => ipv4)),
  }))
  for (const pod of servers) {
    const agent = new Agent(undo, { pod })
    await agent.call('serve', [{ address: pod.ipv4, port: TARGET, name: pod.ipv4 }])
  }
  const agent = new Agent(undo, member(client))
  const all = servers.map(({ ipv4 }) => ipv4)

  await t.test('no connection fails, none goes to what was removed', async (t) => {
    /** when each address was last in the configuration, in ms; Infinity: it is */
    const inForceUntil = new Map<string, number>(all.map((address) => [address, Number.POSITIVE_INFINITY]))
    let running = true
    let [connections, latest] = [0, 0]
    const failures: string[] = []
    const load = async (): Promise<void> => {
      while (running) {
        const started = performance.now()
        const result = await agent.call('connect', ADDRESS, PORT)
        connections++
        if ('error' in result) failures.push(result.error)
        else latest = Math.max(latest, started - (inForceUntil.get(result.server) ?? 0))
      }
    }
    const loads = Array.from({ length: 4 }, load)
    const begun = performance.now()
    let changes = 0
    for (; performance.now() - begun < SECONDS * 1000; changes++) {
      const kept = all.filter((_, i) => i === changes % all.length || (changes * 7 + i * 3) % 5 > 1)
      daemon.write('mesh.yaml', yaml(kept))
      const now = performance.now()
      for (const address of all) {
        if (kept.includes(address)) inForceUntil.set(address, Number.POSITIVE_INFINITY)
        else if (inForceUntil.get(address) === Number.POSITIVE_INFINITY) inForceUntil.set(address, now)
      }
      await sleep(1000 / PER_SECOND)
    }
    running = false
    await Promise.all(loads)
    t.comment(
      `${changes} changes, ${connections} connections, latest use of a removed endpoint: ${Math.round(latest)} ms`,
    )
    t.ok(connections > 0)
    t.same(failures, [])
    t.ok(latest < LATE_MS)
  })

  await t.test('a reader of the maps sees whole states only', async (t) => {
    let running = true
    const changing = (async () => {
      for (let i = 0; running; i++) {
        daemon.write('mesh.yaml', yaml(all.slice(0, 1 + (i % all.length))))
        await sleep(20)
      }
    })()
    for (let i = 0; i < 10; i++) {
      const { services } = JSON.parse(await daemon.kmeshctl('dump', 'services', '-o', 'json')) as DumpedSlots
      for (const { v4 } of services) t.ok(v4.complete, `${v4.slots} slots, all there`)
    }
    running = false
    await changing
  })

  await t.test('an unchanged reload writes nothing', async (t) => {
    daemon.write('mesh.yaml', yaml(all))
    await daemon.kmeshctl('reload')
    const reload = JSON.parse(await daemon.kmeshctl('reload', '-o', 'json')) as { written: number }
    t.equal(reload.written, 0)
  })

  await t.test('a broken file keeps the last good state, and is told with file and line', async (t) => {
    daemon.write('mesh.yaml', `${yaml(all)}\nkind: [unclosed`)
    await daemon.kmeshctl('reload').catch(() => undefined)
    t.notMatch(await agent.call('connect', ADDRESS, PORT), { error: /./ })
    t.match(await daemon.kmeshctl('explain'), /mesh\.yaml:\d+/)
    daemon.write('mesh.yaml', yaml(all))
    await daemon.kmeshctl('reload')
    t.notMatch(await daemon.kmeshctl('explain'), /mesh\.yaml:\d+/)
  })
})
