/** Endpoints as slices list them, completed by what is known of the pods and nodes behind them. */
import type { Locality } from '../../../model/locality.ts'
import type { MeshNode } from '../../../model/mesh.ts'
import type { Endpoint } from '../../../model/service.ts'
import type { Workload } from '../../../model/workload.ts'
import type { EndpointSubset } from '../endpoints.ts'
import { UNKNOWN_LOCALITY } from './workload.ts'
import type { WorkloadTable } from './workloads.ts'

interface Made {
  /** all workloads there were */
  readonly known: ReadonlyMap<string, Workload>
  readonly nodes: ReadonlyMap<string, MeshNode>
  readonly behind: readonly (Workload | undefined)[]
  readonly endpoints: readonly Endpoint[]
}

/** Holds what it made for a slice for as long as neither the slice nor what stands behind it changes. */
export class SliceEndpoints {
  readonly #workloads: WorkloadTable
  readonly #made = new WeakMap<EndpointSubset, Made>()

  constructor(workloads: WorkloadTable) {
    this.#workloads = workloads
  }

  of(slice: EndpointSubset, nodes: ReadonlyMap<string, MeshNode>): readonly Endpoint[] {
    const made = this.#made.get(slice)
    const known = this.#workloads.byUid
    if (made !== undefined && made.nodes === nodes && (made.known === known || this.#stillBehind(slice, made))) {
      if (made.known !== known) this.#made.set(slice, { ...made, known })
      return made.endpoints
    }
    const behind = slice.endpoints.map(({ pod, address }) => this.#workloads.behind(pod, address))
    const endpoints = makeEndpoints(slice, behind, nodes)
    this.#made.set(slice, { known, nodes, behind, endpoints })
    return endpoints
  }

  #stillBehind({ endpoints }: EndpointSubset, { behind }: Made): boolean {
    return endpoints.every(({ pod, address }, n) => this.#workloads.behind(pod, address) === behind[n])
  }
}

const NO_LABELS: Readonly<Record<string, string>> = {}

function makeEndpoints(
  slice: EndpointSubset,
  behind: readonly (Workload | undefined)[],
  nodes: ReadonlyMap<string, MeshNode>,
): Endpoint[] {
  const zones = new Map<string, Locality>()
  const zoneOnly = (zone: string): Locality => {
    const locality = zones.get(zone) ?? { region: '', zone, subzone: '' }
    zones.set(zone, locality)
    return locality
  }
  return slice.endpoints.map((given, n) => {
    const workload = behind[n]
    const node = given.node || (workload?.node ?? '')
    const known = nodes.get(node)?.locality
    return {
      address: given.address,
      ...(given.hostname !== '' && { hostname: given.hostname }),
      ...(workload !== undefined && { workload: workload.uid }),
      ports: slice.ports,
      ready: given.ready,
      serving: given.serving,
      terminating: given.terminating,
      node,
      locality: known ?? (given.zone === '' ? UNKNOWN_LOCALITY : zoneOnly(given.zone)),
      hintZones: given.hintZones,
      hintNodes: given.hintNodes,
      weight: 1,
      labels: workload?.labels ?? NO_LABELS,
    }
  })
}

/**
 * One address may stand in several slices of a service, with other ports or while the controller moves it.
 * What the first slice says about a port of an address holds.
 */
export function mergeEndpoints(lists: readonly (readonly Endpoint[])[]): readonly Endpoint[] {
  const all = lists.length === 1 ? (lists[0] ?? []) : lists.flat()
  const byAddress = new Map<string, Endpoint[]>()
  const merged: Endpoint[] = []
  for (const endpoint of all) {
    const before = byAddress.get(endpoint.address)
    const rest = before === undefined ? endpoint : withoutPortsOf(endpoint, before)
    if (rest === undefined) continue
    merged.push(rest)
    if (before === undefined) byAddress.set(endpoint.address, [rest])
    else before.push(rest)
  }
  return merged
}

/** @returns the endpoint with those of its ports that no other of its address has; undefined: none is left */
function withoutPortsOf(endpoint: Endpoint, others: readonly Endpoint[]): Endpoint | undefined {
  const ports = [...endpoint.ports].filter(([name, port]) => others.every((other) => other.ports.get(name) !== port))
  if (ports.length === endpoint.ports.size) return endpoint
  return ports.length === 0 ? undefined : { ...endpoint, ports: new Map(ports) }
}
