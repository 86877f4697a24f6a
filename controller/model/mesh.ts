/**
 * The mesh as plain immutable data. Sources make it, the compiler reads it.
 * An object that did not change stays the same object from one mesh to the next:
 * whoever compares by reference learns what changed.
 */
import type { Locality } from './locality.ts'
import type { Service } from './service.ts'
import type { DestinationPolicy, RoutePolicy } from './traffic-policy.ts'
import type { Workload } from './workload.ts'

export interface Mesh {
  /** by `namespace/hostname`, oldest first: where two claim the same address and port, the first has it */
  readonly services: ReadonlyMap<string, Service>
  /** by uid */
  readonly workloads: ReadonlyMap<string, Workload>
  /** in order of precedence: the first that covers a service decides, the others say nothing about it */
  readonly destinations: readonly DestinationPolicy[]
  /** likewise */
  readonly routes: readonly RoutePolicy[]
  /** by node name */
  readonly nodes: ReadonlyMap<string, MeshNode>
}

export interface MeshNode {
  readonly name: string
  readonly locality: Locality
  /** internal and external addresses: where node ports answer */
  readonly addresses: readonly string[]
}

/** The node that tables are compiled for. */
export interface NodeView {
  readonly name: string
  readonly locality: Locality
}

export const EMPTY_MESH: Mesh = {
  services: new Map(),
  workloads: new Map(),
  destinations: [],
  routes: [],
  nodes: new Map(),
}
