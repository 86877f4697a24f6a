/** Random meshes and random changes to them, for properties that must hold for any sequence. */
import type { Mesh } from '../../../controller/model/mesh.ts'
import type { Endpoint, Service } from '../../../controller/model/service.ts'
import type { RoutePolicy } from '../../../controller/model/traffic-policy.ts'
import {
  destinationPolicy,
  endpoint,
  HTTP,
  hostOf,
  inZone,
  type MeshParts,
  meshOf,
  routePolicy,
  rule,
  service,
  subset,
  uidOf,
  workload,
} from './mesh.ts'

type Random = (range: number) => number

const SERVICES = 8

/** Parts are kept apart, so that what does not change stays the same object. */
export interface RandomMesh {
  readonly mesh: () => Mesh
  /** Changes one thing. @returns what, in words */
  readonly step: () => string
}

/** @param moving now and then two services want the same address */
export function randomMesh(random: Random, moving = true): RandomMesh {
  const services = new Map<number, Service>()
  let parts: Required<MeshParts> = { services: [], workloads: [], destinations: [], routes: [], nodes: [] }
  for (let i = 0; i < SERVICES; i++) if (random(3) > 0) services.set(i, randomService(random, i, moving))

  const steps: Readonly<Record<string, () => void>> = {
    'a service comes or goes': () => {
      const i = random(SERVICES)
      if (!services.delete(i)) services.set(i, randomService(random, i, moving))
    },
    'a service changes': () => {
      const i = pick(random, [...services.keys()])
      if (i !== undefined) services.set(i, randomService(random, i, moving))
    },
    'endpoints change': () => {
      const i = pick(random, [...services.keys()])
      const known = i === undefined ? undefined : services.get(i)
      if (i !== undefined && known) services.set(i, { ...known, endpoints: randomEndpoints(random) })
    },
    'the order of services changes': () => {
      const first = pick(random, [...services])
      if (first === undefined) return
      services.delete(first[0])
      services.set(first[0], first[1])
    },
    'workloads change': () => {
      const names = Array.from({ length: random(12) }, () => random(20))
      parts = { ...parts, workloads: [...new Set(names)].map((n) => workload(`pod-${n}`, [addressOf(n % 15)])) }
    },
    'a workload comes': () => {
      const others = parts.workloads.filter(({ name }) => name !== 'late')
      parts = { ...parts, workloads: [...others, workload('late', [addressOf(random(20))])] }
    },
    'destination rules change': () => {
      const rules = Array.from({ length: random(3) }, () =>
        destinationPolicy(random(4) === 0 ? '*' : hostOf(`s${random(SERVICES)}`), {
          ...(random(2) === 0 ? { balance: 'round-robin' } : {}),
          exported: random(4) > 0,
          subsets: new Map([subset('v1', { version: '1' }), subset('v2', { version: '2' })]),
        }),
      )
      parts = { ...parts, destinations: rules }
    },
    'routes change': () => {
      parts = { ...parts, routes: Array.from({ length: random(3) }, (_, i) => randomRoutes(random, i)) }
    },
    'nodes change': () => {
      const addresses = Array.from({ length: random(3) }, (_, i) => `192.0.2.${i}`)
      parts = { ...parts, nodes: addresses.map((a) => ({ name: a, addresses: [a], locality: inZone('') })) }
    },
  }

  return {
    mesh: () => meshOf({ ...parts, services: [...services.values()] }),
    step: () => {
      const [name, change] = pick(random, Object.entries(steps)) ?? ['nothing', () => {}]
      change()
      return name
    },
  }
}

function pick<T>(random: Random, from: readonly T[]): T | undefined {
  return from[random(from.length)]
}

function addressOf(n: number): string {
  return n % 4 === 0 ? `fd00:244::${n + 1}` : `10.244.0.${n}`
}

function randomEndpoints(random: Random): Endpoint[] {
  return Array.from({ length: random(5) }, () => {
    const n = random(20)
    const both = new Map([
      ['http', 8080],
      ['admin', 9090],
    ])
    return endpoint(addressOf(n), {
      ports: random(6) === 0 ? new Map([['http', 8080]]) : both,
      ready: random(4) > 0,
      serving: random(4) > 0,
      terminating: random(2) === 0,
      node: `node-${'ab'[random(2)]}`,
      locality: inZone(`zone-${random(3)}`),
      hintZones: random(3) === 0 ? [`zone-${random(2)}`] : [],
      weight: random(4),
      workload: uidOf(`pod-${n}`),
      labels: { version: String(1 + random(2)) },
    })
  })
}

function randomService(random: Random, i: number, moving: boolean): Service {
  const admin = { ...HTTP, name: 'admin', port: 81, appProtocol: 'tcp' }
  const local = random(3) === 0 ? 'Local' : 'Cluster'
  return service(`s${i}`, [], {
    addresses: [
      { scope: 'cluster', address: moving ? `10.96.0.${random(12)}` : `10.96.${i}.${random(3)}` },
      ...(random(3) === 0 ? [{ scope: 'cluster', address: `fd00::${i}` } as const] : []),
      ...(random(3) === 0 ? [{ scope: 'external', address: `203.0.113.${i}` } as const] : []),
      ...(random(4) === 0 ? [{ scope: 'node' } as const] : []),
    ],
    ports: random(2) === 0 ? [{ ...HTTP, nodePort: 30000 + i }] : [HTTP, admin],
    endpoints: randomEndpoints(random),
    internalTrafficPolicy: local,
    headless: random(8) === 0,
    socketLane: random(4) > 0,
    ...(random(4) === 0 ? { affinitySeconds: 60 } : {}),
    ...(random(5) === 0 ? { trafficDistribution: 'PreferSameZone' } : {}),
  })
}

function randomRoutes(random: Random, i: number): RoutePolicy {
  const rules = Array.from({ length: 1 + random(2) }, (_, n) =>
    rule(
      Array.from({ length: 1 + random(3) }, () => ({
        host: hostOf(`s${random(SERVICES + 1)}`),
        weight: random(4),
        ...(random(2) === 0 ? { subset: `v${1 + random(3)}` } : {}),
      })),
      {
        field: `spec.tcp[${n}]`,
        protocol: random(2) === 0 ? 'http' : 'tcp',
        matches: random(2) === 0 ? [] : [{ destinationSubnets: [`10.96.0.${random(8)}/30`] }],
      },
    ),
  )
  return routePolicy([hostOf(`s${random(SERVICES)}`)], rules, { resource: `VirtualService default/v${i}` })
}
