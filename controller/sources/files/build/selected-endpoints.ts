/** Pods and WorkloadEntries as endpoints of the services that select them. */
import type { MeshNode } from '../../../model/mesh.ts'
import type { Endpoint, ServicePort } from '../../../model/service.ts'
import { familyOf } from '../address.ts'
import type { PodResource } from '../pod.ts'
import { type ServiceResource, takesFamily } from '../service.ts'
import type { EntryEndpoint, WorkloadEntryResource } from '../workload-entry.ts'
import { UNKNOWN_LOCALITY } from './workload.ts'
import type { WorkloadTable } from './workloads.ts'

type Target = number | string

export interface Surroundings {
  readonly nodes: ReadonlyMap<string, MeshNode>
  readonly workloads: WorkloadTable
}

/** What Kubernetes' endpoint slice controller would write for a service. */
export function serviceEndpointsOfPod(service: ServiceResource, pod: PodResource, around: Surroundings): Endpoint[] {
  const hostname = pod.subdomain === service.name ? pod.hostname : ''
  return podEndpoints(pod, service.ports, service.targets, around)
    .filter(({ address }) => takesFamily(service, familyOf(address)))
    .map((endpoint) => ({
      ...endpoint,
      ...(hostname !== '' && { hostname }),
      ready: endpoint.ready || service.publishNotReadyAddresses,
    }))
}

export function podEndpoints(
  pod: PodResource,
  ports: readonly ServicePort[],
  targets: ReadonlyMap<string, Target>,
  { nodes, workloads }: Surroundings,
): Endpoint[] {
  if (pod.over) return []
  const workload = workloads.behind(`${pod.namespace}/${pod.name}`, '')
  return pod.addresses.map((address) => ({
    address,
    ...(workload !== undefined && { workload: workload.uid }),
    ports: targetPorts(ports, targets, (name, { protocol }) => pod.ports.get(`${name}/${protocol}`)),
    ready: pod.ready && !pod.terminating,
    serving: pod.ready,
    terminating: pod.terminating,
    node: pod.node,
    locality: nodes.get(pod.node)?.locality ?? UNKNOWN_LOCALITY,
    hintZones: [],
    hintNodes: [],
    weight: 1,
    labels: pod.labels,
  }))
}

/** @param addresses what the entry's own address stands for: itself, or what its host name resolves to */
export function entryEndpoints(
  endpoint: EntryEndpoint,
  addresses: readonly string[],
  ports: readonly ServicePort[],
  targets: ReadonlyMap<string, Target>,
  workload: string | undefined,
): Endpoint[] {
  const own = targetPorts(ports, targets, (name) => endpoint.ports.get(name))
  for (const { name } of ports) {
    const port = endpoint.ports.get(name)
    if (port !== undefined) own.set(name, port)
  }
  return addresses.map((address) => ({
    address,
    ...(workload !== undefined && { workload }),
    ports: own,
    ready: true,
    serving: true,
    terminating: false,
    node: '',
    locality: endpoint.locality,
    hintZones: [],
    hintNodes: [],
    weight: endpoint.weight,
    labels: endpoint.labels,
  }))
}

export function workloadEntryEndpoints(
  entry: WorkloadEntryResource,
  addresses: readonly string[],
  ports: readonly ServicePort[],
  targets: ReadonlyMap<string, Target>,
  { workloads }: Surroundings,
): Endpoint[] {
  return entryEndpoints(entry.endpoint, addresses, ports, targets, workloads.ofEntry(entry, '')?.uid)
}

/** A port whose target has a name that the endpoint does not know is not served by it. */
function targetPorts(
  ports: readonly ServicePort[],
  targets: ReadonlyMap<string, Target>,
  named: (name: string, port: ServicePort) => number | undefined,
): Map<string, number> {
  const found = new Map<string, number>()
  for (const port of ports) {
    const target = targets.get(port.name) ?? port.port
    const number = typeof target === 'number' ? target : named(target, port)
    if (number !== undefined) found.set(port.name, number)
  }
  return found
}
