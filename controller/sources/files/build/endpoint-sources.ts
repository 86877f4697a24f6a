/**
 * Where the endpoints of a service come from: its slices, else its legacy Endpoints, else the pods it selects;
 * for ServiceEntries what they list or select. Indexes are made anew only when their kind changed.
 */
import type { Problem } from '../../../model/problem.ts'
import type { Endpoint } from '../../../model/service.ts'
import type { PodResource } from '../pod.ts'
import type { Kind } from '../resource.ts'
import type { ServiceResource } from '../service.ts'
import type { ServiceEntryResource } from '../service-entry.ts'
import type { ResourceChange, ResourceStore } from '../store.ts'
import type { EntryEndpoint, WorkloadEntryResource } from '../workload-entry.ts'
import { Memo } from './memo.ts'
import {
  entryEndpoints,
  podEndpoints,
  type Surroundings,
  serviceEndpointsOfPod,
  workloadEntryEndpoints,
} from './selected-endpoints.ts'
import { LabelIndex } from './selection.ts'
import { SliceEndpoints } from './slice-endpoints.ts'
import { SliceIndex } from './slice-index.ts'

/** Host names as they resolve now. */
export type ResolvedHosts = ReadonlyMap<string, readonly string[]>

export class EndpointSources {
  readonly #store: ResourceStore
  readonly #slices: SliceEndpoints
  readonly #selected = new Memo<readonly Endpoint[]>()
  readonly #around: () => Surroundings
  readonly #slicesByService = new SliceIndex()
  readonly #pods: () => LabelIndex<PodResource>
  readonly #entries: () => LabelIndex<WorkloadEntryResource>

  constructor(store: ResourceStore, around: () => Surroundings) {
    this.#store = store
    this.#around = around
    this.#slices = new SliceEndpoints(around().workloads)
    this.#pods = perVersion(store, 'Pod', () => new LabelIndex(store.all('Pod').values(), (pod) => pod.labels))
    this.#entries = perVersion(
      store,
      'WorkloadEntry',
      () => new LabelIndex(store.all('WorkloadEntry').values(), (entry) => entry.endpoint.labels),
    )
  }

  /** @returns services whose lists of endpoints changed by it, by `namespace/name` */
  note(change: ResourceChange): string[] {
    const named = [change.before, change.after].filter((resource) => resource !== undefined)
    if (named.some(({ kind }) => kind === 'EndpointSlice')) return this.#slicesByService.note(change)
    return named.flatMap(({ kind, namespace, name }) => (kind === 'Endpoints' ? `${namespace}/${name}` : []))
  }

  /** @param services by `namespace/name` */
  orphanProblems(services: { has(service: string): boolean }): Problem[] {
    return this.#slicesByService.orphans(services).map(({ resource, place, namespace, service }) => {
      const message = `there is no service ${namespace}/${service}: these endpoints are not used`
      return { severity: 'warning', resource, field: 'metadata.labels', message, place }
    })
  }

  /** Lists that, joined, are the endpoints: the same lists for as long as nothing changes. */
  ofService(service: ServiceResource): readonly (readonly Endpoint[])[] {
    const { nodes } = this.#around()
    const key = `${service.namespace}/${service.name}`
    const slices = this.#slicesByService.of(key)
    const legacy = slices.length === 0 ? this.#store.all('Endpoints').get(key) : undefined
    const lists = [...slices, ...(legacy?.subsets ?? [])].map((slice) => this.#slices.of(slice, nodes))
    if (Object.keys(service.selector).length === 0) return lists
    const version = this.#store.version('Pod', 'Node', 'WorkloadEntry')
    const derived = slices.length === 0 && legacy === undefined
    lists.push(this.#selected.of(service, derived ? 'all' : 'entries', [version], () => this.#select(service, derived)))
    return lists.filter((list) => list.length > 0)
  }

  #select(service: ServiceResource, withPods: boolean): Endpoint[] {
    const { namespace, selector, ports, targets } = service
    const around = this.#around()
    const pods = withPods ? this.#pods().chosen(namespace, selector) : []
    return [
      ...pods.flatMap((pod) => serviceEndpointsOfPod(service, pod, around)),
      ...this.#entries()
        .chosen(namespace, selector)
        .flatMap((entry) => {
          const addresses = entry.endpoint.byName ? [] : [entry.endpoint.address]
          return workloadEntryEndpoints(entry, addresses, ports, targets, around)
        }),
    ]
  }

  ofEntry(entry: ServiceEntryResource, host: string, resolved: ResolvedHosts): readonly Endpoint[] {
    const version = this.#store.version('Pod', 'Node', 'WorkloadEntry')
    return this.#selected.of(entry, host, [version, resolved], () => this.#listEntry(entry, host, resolved))
  }

  #listEntry(entry: ServiceEntryResource, host: string, resolved: ResolvedHosts): Endpoint[] {
    const { ports, targets, selector, namespace } = entry
    const around = this.#around()
    const addressesOf = ({ byName, address }: EntryEndpoint): readonly string[] =>
      byName ? (resolved.get(address) ?? []) : [address]
    if (selector !== undefined) {
      const pods = this.#pods().chosen(namespace, selector)
      const entries = this.#entries().chosen(namespace, selector)
      return [
        ...pods.flatMap((pod) => podEndpoints(pod, ports, targets, around)),
        ...entries.flatMap((chosen) => {
          return workloadEntryEndpoints(chosen, addressesOf(chosen.endpoint), ports, targets, around)
        }),
      ]
    }
    const listed = entry.endpoints.length > 0 || entry.resolution !== 'DNS' ? entry.endpoints : [hostItself(host)]
    return listed.flatMap((endpoint) => {
      const workload = around.workloads.ofEntry(entry, endpoint.address)?.uid
      return entryEndpoints(endpoint, addressesOf(endpoint), ports, targets, workload)
    })
  }

  /** Host names that must be looked up for this ServiceEntry. */
  hostsOf(entry: ServiceEntryResource): string[] {
    if (entry.resolution !== 'DNS') return []
    const { selector, namespace, endpoints, hosts } = entry
    const chosen = selector === undefined ? [] : this.#entries().chosen(namespace, selector)
    if (selector === undefined && endpoints.length === 0) return [...hosts]
    return [...endpoints, ...chosen.map(({ endpoint }) => endpoint)].filter((e) => e.byName).map((e) => e.address)
  }
}

function hostItself(host: string): EntryEndpoint {
  return {
    address: host,
    byName: true,
    ports: new Map(),
    labels: {},
    locality: { region: '', zone: '', subzone: '' },
    weight: 1,
    serviceAccount: '',
  }
}

function perVersion<T>(store: ResourceStore, kind: Kind, make: () => T): () => T {
  let version = -1
  let made: T | undefined
  return () => {
    if (made === undefined || version !== store.version(kind)) made = make()
    version = store.version(kind)
    return made
  }
}
