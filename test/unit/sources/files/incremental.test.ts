import t from 'tap'
import type { Mesh } from '../../../../controller/model/mesh.ts'
import { same } from '../../../../controller/sources/files/same.ts'
import { type Random, randomFrom, seedOfRun } from './random.ts'
import { istio, pod, service, slice, TextFolder } from './support.ts'

const CREATED = ['', 'creationTimestamp: "2020-01-01T00:00:00Z"', 'creationTimestamp: "2024-01-01T00:00:00Z"']
const NAMES = ['a', 'b', 'c']
const one = (random: Random, of: readonly string[]): string => of[random(of.length)] ?? ''
const address = (random: Random): string => (random(8) === 0 ? `"fd00::${1 + random(9)}"` : `10.1.0.${1 + random(9)}`)

/** Any resource, with few names, so that they meet. */
function resource(random: Random): string {
  const name = one(random, NAMES)
  const created = one(random, CREATED)
  const meta = `namespace: ${one(random, ['default', 'istio-system'])}${created === '' ? '' : `, ${created}`}`
  switch (random(9)) {
    case 0:
    case 1: {
      const vip = one(random, [
        'clusterIP: 10.96.0.1',
        `clusterIP: 10.96.0.${random(9) + 2}`,
        'clusterIP: None',
        'type: ClusterIP',
      ])
      const selector = one(random, ['{app: a}', '{app: b}', '{}'])
      return service(
        name,
        `${vip}\nselector: ${selector}\nports: [{name: http, port: ${80 + random(3)}, targetPort: web}]`,
        created,
      )
    }
    case 2:
    case 3: {
      const endpoints = Array.from({ length: random(4) }, () => {
        const ref = random(2) === 0 ? '' : `, targetRef: {kind: Pod, name: ${one(random, NAMES)}}`
        return `- {addresses: [10.1.0.${1 + random(9)}], nodeName: ${one(random, NAMES)}${ref}}`
      })
      return slice(
        `slice-${random(5)}`,
        name,
        endpoints.join('\n') || '[]',
        `[{name: http, port: ${8080 + random(2)}}]`,
      )
    }
    case 4:
      return pod(name, {
        labels: `{app: ${one(random, NAMES)}, version: v${random(3)}}`,
        spec: `nodeName: ${one(random, NAMES)}, containers: [{ports: [{name: web, containerPort: ${8080 + random(2)}}]}]`,
        status: `podIP: ${address(random)}${random(5) === 0 ? ', phase: Failed' : ''}`,
      })
    case 5:
      return `apiVersion: v1\nkind: Node\nmetadata: {name: ${name}, labels: {topology.kubernetes.io/zone: z${random(3)}}}`
    case 6:
      return istio(
        'WorkloadEntry',
        name,
        `address: ${address(random)}\nlabels: {app: ${one(random, NAMES)}}\nweight: ${random(3)}`,
      )
    case 7: {
      const hosts = one(random, ['[x.org]', '[y.org, x.org]', '["*.org"]', '[a.default.svc.cluster.local]'])
      const from = one(random, [
        hosts.includes('*') ? 'resolution: STATIC' : 'resolution: DNS',
        `resolution: STATIC\nendpoints: [{address: ${address(random)}}]`,
        'resolution: STATIC\nworkloadSelector: {labels: {app: a}}',
      ])
      return istio(
        'ServiceEntry',
        name,
        `hosts: ${hosts}\n${from}\nports: [{number: 80, name: http, protocol: HTTP}]`,
        meta,
      )
    }
    default: {
      const host = one(random, ['a', 'b', 'x.org', '"*.org"', 'a.default.svc.cluster.local'])
      return random(2) === 0
        ? istio(
            'DestinationRule',
            name,
            `host: ${host}\nsubsets: [{name: v${random(2)}, labels: {version: v${random(3)}}}]`,
            meta,
          )
        : istio(
            'VirtualService',
            name,
            `hosts: [${host}]\ntcp: [{route: [{destination: {host: ${one(random, NAMES)}}, weight: ${random(9)}}]}]`,
            meta,
          )
    }
  }
}

/** What a mesh says, without regard to the order of those of its parts that have none. */
function contentOf({ mesh, problems }: ReturnType<TextFolder['build']>): unknown {
  const sorted = <V>(map: ReadonlyMap<string, V>): [string, V][] => [...map].sort(([a], [b]) => (a < b ? -1 : 1))
  return {
    services: [...mesh.services],
    workloads: sorted(mesh.workloads),
    nodes: sorted(mesh.nodes),
    destinations: mesh.destinations,
    routes: mesh.routes,
    problems,
  }
}

/** Objects of `before` that say the same as their successors but are not they. */
function needlesslyNew(before: Mesh, after: Mesh): string[] {
  const lost: string[] = []
  const compare = (kind: 'services' | 'workloads' | 'nodes'): void => {
    for (const [key, value] of before[kind]) {
      const now = after[kind].get(key)
      if (now !== undefined && now !== value && JSON.stringify(now, plain) === JSON.stringify(value, plain))
        lost.push(key)
    }
  }
  compare('services')
  compare('workloads')
  compare('nodes')
  return lost
}

const plain = (_: string, value: unknown): unknown => (value instanceof Map ? [...value] : value)

const HOSTS = new Map([
  ['x.org', ['192.0.2.1']],
  ['y.org', ['192.0.2.2', 'fd00::2']],
])

t.test('reading what changed gives the same mesh as reading everything afresh', async (t) => {
  const seed = seedOfRun()
  t.comment(`SEED=${seed}`)
  const random = randomFrom(seed)
  const folder = new TextFolder()
  const texts = new Map<string, string>()
  for (let round = 0; round < 200; round++) {
    const before = folder.build(HOSTS).mesh
    for (let change = 0; change <= random(3); change++) {
      const file = `${one(random, ['m', 'n', 'o', 'p', 'q', 'r', 's', 't'])}.yaml`
      if (random(4) === 0) {
        folder.remove(file)
        texts.delete(file)
        continue
      }
      const text = Array.from({ length: 1 + random(4) }, () => resource(random)).join('\n---\n')
      folder.write(file, text)
      texts.set(file, text)
    }
    const fresh = new TextFolder()
    for (const [file, text] of [...texts].sort(() => random(3) - 1)) fresh.write(file, text)
    const after = folder.build(HOSTS)
    const [now, afresh] = [contentOf(after), contentOf(fresh.build(HOSTS))]
    if (!same(now, afresh)) t.same(now, afresh, `round ${round}`, { diffContext: 1 })
    const lost = needlesslyNew(before, after.mesh)
    if (lost.length > 0) t.fail(`round ${round}: did not change, but is another object: ${lost.join(', ')}`)
    if (!t.passing()) break
  }
  t.pass('200 rounds of changes')
})
