/** Small meshes for tests of the pure half, and their tables as text. */

import { type Compiled, compile } from '../../../controller/compiler/compile.ts'
import { dumpTables } from '../../../controller/compiler/dump.ts'
import { dumpLines } from '../../../controller/compiler/dump-text.ts'
import type { Limits } from '../../../controller/compiler/limits.ts'
import { DEFAULT_LIMITS } from '../../../controller/compiler/limits.ts'
import { tablesOf } from '../../../controller/compiler/tables.ts'
import type { Locality } from '../../../controller/model/locality.ts'
import { EMPTY_MESH, type Mesh, type MeshNode, type NodeView } from '../../../controller/model/mesh.ts'
import type { Endpoint, Service, ServicePort } from '../../../controller/model/service.ts'
import type {
  DestinationPolicy,
  RoutePolicy,
  RouteRule,
  Subset,
  WeightedDestination,
} from '../../../controller/model/traffic-policy.ts'
import type { Workload } from '../../../controller/model/workload.ts'

export const HERE: NodeView = { name: 'node-a', locality: inZone('zone-1') }

export function inZone(zone: string): Locality {
  return { region: '', zone, subzone: '' }
}

export function endpoint(address: string, more: Partial<Endpoint> = {}): Endpoint {
  return {
    address,
    ports: new Map([['http', 8080]]),
    ready: true,
    serving: true,
    terminating: false,
    node: '',
    locality: inZone(''),
    hintZones: [],
    hintNodes: [],
    weight: 1,
    labels: {},
    ...more,
  }
}

export const HTTP: ServicePort = { name: 'http', port: 80, protocol: 'TCP', appProtocol: 'http' }

/** @param name `reviews` or `namespace/reviews` */
export function service(name: string, addresses: readonly string[], more: Partial<Service> = {}): Service {
  const [namespace = '', short = ''] = name.includes('/') ? name.split('/') : ['default', name]
  return {
    resource: `Service ${namespace}/${short}`,
    namespace,
    name: short,
    hostname: hostOf(name),
    addresses: addresses.map((address) => ({ scope: 'cluster', address })),
    headless: false,
    ports: [HTTP],
    endpoints: [],
    internalTrafficPolicy: 'Cluster',
    externalTrafficPolicy: 'Cluster',
    publishNotReadyAddresses: false,
    socketLane: true,
    ...more,
  }
}

export function hostOf(name: string): string {
  const [namespace = '', short = ''] = name.includes('/') ? name.split('/') : ['default', name]
  return `${short}.${namespace}.svc.cluster.local`
}

export function destinationPolicy(host: string, more: Partial<DestinationPolicy> = {}): DestinationPolicy {
  return {
    resource: 'DestinationRule default/rule',
    namespace: 'default',
    host,
    exported: true,
    portBalance: new Map(),
    subsets: new Map(),
    ...more,
  }
}

export function subset(name: string, labels: Record<string, string>, more: Partial<Subset> = {}): [string, Subset] {
  return [name, { name, labels, portBalance: new Map(), ...more }]
}

export function routePolicy(
  hosts: readonly string[],
  rules: readonly RouteRule[],
  more: Partial<RoutePolicy> = {},
): RoutePolicy {
  return { resource: 'VirtualService default/routes', namespace: 'default', hosts, exported: true, rules, ...more }
}

export function rule(destinations: readonly Partial<WeightedDestination>[], more: Partial<RouteRule> = {}): RouteRule {
  const field = more.field ?? 'spec.tcp[0]'
  return {
    field,
    protocol: 'tcp',
    matches: [],
    destinations: destinations.map((d, i) => ({ host: '', weight: 1, field: `${field}.route[${i}]`, ...d })),
    ...more,
  }
}

export function workload(name: string, addresses: readonly string[], more: Partial<Workload> = {}): Workload {
  return {
    uid: uidOf(name),
    name,
    namespace: 'default',
    addresses,
    serviceAccount: 'default',
    labels: {},
    node: '',
    locality: inZone(''),
    canonicalName: name,
    canonicalRevision: 'latest',
    workloadType: 'pod',
    workloadName: name,
    hostNetwork: false,
    ...more,
  }
}

export function uidOf(name: string): string {
  return `Kubernetes//Pod/default/${name}`
}

export interface MeshParts {
  readonly services?: readonly Service[]
  readonly workloads?: readonly Workload[]
  readonly destinations?: readonly DestinationPolicy[]
  readonly routes?: readonly RoutePolicy[]
  readonly nodes?: readonly MeshNode[]
}

export function meshOf({ services = [], workloads = [], nodes = [], ...policies }: MeshParts): Mesh {
  return {
    ...EMPTY_MESH,
    ...policies,
    services: new Map(services.map((s) => [`${s.namespace}/${s.hostname}`, s])),
    workloads: new Map(workloads.map((w) => [w.uid, w])),
    nodes: new Map(nodes.map((n) => [n.name, n])),
  }
}

export function compiled(parts: MeshParts, view: NodeView = HERE, limits: Partial<Limits> = {}): Compiled {
  return compile(meshOf(parts), view, { ...DEFAULT_LIMITS, ...limits })
}

/** The tables as `kmeshctl dump` shows them, by single blanks. */
export function linesOf({ fragments, directory }: Compiled, ...tables: readonly string[]): string[] {
  const lines = dumpLines(dumpTables(tablesOf(fragments), directory)).map((line) => line.replace(/ +/g, ' '))
  return tables.length === 0 ? lines : lines.filter((line) => tables.includes(line.split(' ', 1)[0] ?? ''))
}

/** `10.244.0.1:8080 50%` */
export function slotsOf(parts: MeshParts, view: NodeView = HERE): string[] {
  return linesOf(compiled(parts, view), 'slots').map((line) => line.split(' ').slice(2).join(' '))
}

export function problemLines({ problems }: Pick<Compiled, 'problems'>): string[] {
  return problems.map(({ severity, resource, field, message }) => `${severity} ${resource} ${field}: ${message}`)
}
