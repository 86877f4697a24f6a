/** All workloads of the folder, found by uid, by pod and by address. Made anew only where something changed. */
import type { MeshNode } from '../../../model/mesh.ts'
import type { Workload } from '../../../model/workload.ts'
import type { Metadata } from '../metadata.ts'
import type { Resource } from '../resource.ts'
import { keep } from '../same.ts'
import type { ResourceStore } from '../store.ts'
import { entryUid, entryWorkload, podWorkload } from './workload.ts'

interface Made {
  readonly nodes: ReadonlyMap<string, MeshNode>
  readonly workloads: readonly Workload[]
}

export class WorkloadTable {
  readonly #store: ResourceStore
  readonly #made = new WeakMap<Resource, Made>()
  #version = -1
  #nodes: ReadonlyMap<string, MeshNode> = new Map()
  #byUid: ReadonlyMap<string, Workload> = new Map()
  #byAddress = new Map<string, Workload>()

  constructor(store: ResourceStore) {
    this.#store = store
  }

  get byUid(): ReadonlyMap<string, Workload> {
    return this.#byUid
  }

  update(nodes: ReadonlyMap<string, MeshNode>): void {
    const version = this.#store.version('Pod', 'WorkloadEntry', 'ServiceEntry')
    if (version === this.#version && nodes === this.#nodes) return
    this.#version = version
    this.#nodes = nodes

    const byUid = new Map<string, Workload>()
    for (const kind of ['Pod', 'WorkloadEntry', 'ServiceEntry'] as const) {
      for (const resource of this.#store.all(kind).values()) {
        for (const workload of this.#workloadsOf(resource)) byUid.set(workload.uid, workload)
      }
    }
    if (byUid.size === this.#byUid.size && [...byUid].every(([uid, workload]) => this.#byUid.get(uid) === workload))
      return
    this.#byUid = byUid
    this.#byAddress = new Map()
    for (const workload of byUid.values()) if (!workload.hostNetwork) this.#indexAddresses(workload)
  }

  /**
   * The workload behind an endpoint: the pod that it names, else who has its address.
   * @param pod `namespace/name`; empty: not said
   */
  behind(pod: string, address: string): Workload | undefined {
    return pod === '' ? this.#byAddress.get(address) : this.#byUid.get(`Kubernetes//Pod/${pod}`)
  }

  /** The workload of a WorkloadEntry (no section), or of an endpoint that a ServiceEntry lists (by its address). */
  ofEntry(of: Metadata, section: string): Workload | undefined {
    return this.#byUid.get(entryUid(of, section))
  }

  #workloadsOf(resource: Resource): readonly Workload[] {
    const made = this.#made.get(resource)
    if (made?.nodes === this.#nodes) return made.workloads
    const workloads = makeWorkloads(resource, this.#nodes).map((now) => keep(this.#byUid.get(now.uid), now))
    this.#made.set(resource, { nodes: this.#nodes, workloads })
    return workloads
  }

  /** Of two with one address the first by uid has it, so that the order of files does not matter. */
  #indexAddresses(workload: Workload): void {
    for (const address of workload.addresses) {
      const other = this.#byAddress.get(address)
      if (other === undefined || workload.uid < other.uid) this.#byAddress.set(address, workload)
    }
  }
}

function makeWorkloads(resource: Resource, nodes: ReadonlyMap<string, MeshNode>): Workload[] {
  const made: (Workload | undefined)[] = []
  if (resource.kind === 'Pod') made.push(podWorkload(resource, nodes))
  if (resource.kind === 'WorkloadEntry') made.push(entryWorkload(resource, '', resource.endpoint))
  if (resource.kind === 'ServiceEntry') {
    for (const endpoint of resource.endpoints) made.push(entryWorkload(resource, endpoint.address, endpoint))
  }
  return made.filter((workload) => workload !== undefined)
}
