/**
 * All resources of the folder to one mesh. What did not change since the last mesh is the object it was then: a
 * change costs what depends on it, plus one look at each service.
 */
import { EMPTY_MESH, type Mesh, type MeshNode } from '../../../model/mesh.ts'
import type { Problem } from '../../../model/problem.ts'
import type { DestinationPolicy, RoutePolicy } from '../../../model/traffic-policy.ts'
import type { Metadata } from '../metadata.ts'
import { keep, sameItems } from '../same.ts'
import type { ResourceStore } from '../store.ts'
import { EndpointSources, type ResolvedHosts } from './endpoint-sources.ts'
import { type Plan, planServices } from './plan.ts'
import { buildDestinations, buildRoutes } from './policies.ts'
import { ServiceTable } from './services.ts'
import { WorkloadTable } from './workloads.ts'

export interface MeshSettings {
  readonly clusterDomain: string
  /** where Istio's mesh-wide policies live */
  readonly rootNamespace: string
}

export interface BuiltMesh {
  readonly mesh: Mesh
  readonly problems: readonly Problem[]
}

interface Policies {
  readonly version: number
  readonly destinations: readonly DestinationPolicy[]
  readonly routes: readonly RoutePolicy[]
  readonly problems: readonly Problem[]
}

export class MeshBuilder {
  readonly #store: ResourceStore
  readonly #settings: MeshSettings
  readonly #workloads: WorkloadTable
  readonly #sources: EndpointSources
  readonly #services: ServiceTable
  #nodes: ReadonlyMap<string, MeshNode> = EMPTY_MESH.nodes
  #nodesVersion = 0
  #plan: Plan | undefined
  #planVersion = -1
  #policies: Policies | undefined
  #mesh: Mesh = EMPTY_MESH

  constructor(store: ResourceStore, settings: MeshSettings) {
    this.#store = store
    this.#settings = settings
    this.#workloads = new WorkloadTable(store)
    this.#sources = new EndpointSources(store, () => ({ nodes: this.#nodes, workloads: this.#workloads }))
    this.#services = new ServiceTable(this.#sources)
  }

  /** Host names that must be looked up, and a resource that each is needed for. */
  wantedHosts(): ReadonlyMap<string, Metadata> {
    const wanted = new Map<string, Metadata>()
    for (const entry of this.#store.all('ServiceEntry').values()) {
      for (const host of this.#sources.hostsOf(entry)) if (!wanted.has(host)) wanted.set(host, entry)
    }
    return wanted
  }

  build(resolved: ResolvedHosts): BuiltMesh {
    this.#updateNodes()
    this.#workloads.update(this.#nodes)
    const plan = this.#updatePlan()
    const policies = this.#updatePolicies(plan)
    const version = this.#store.version('Pod', 'Node', 'WorkloadEntry')
    this.#services.update(plan, resolved, version, this.#store.takeChanges())
    const mesh: Mesh = {
      services: this.#services.byKey,
      workloads: this.#workloads.byUid,
      destinations: policies.destinations,
      routes: policies.routes,
      nodes: this.#nodes,
    }
    if (!sameItems(Object.values(this.#mesh), Object.values(mesh))) this.#mesh = mesh
    return { mesh: this.#mesh, problems: [...plan.problems, ...this.#services.problems, ...policies.problems] }
  }

  #updateNodes(): void {
    const version = this.#store.version('Node')
    if (version === this.#nodesVersion) return
    this.#nodesVersion = version
    const nodes = new Map<string, MeshNode>()
    for (const { name, locality, addresses } of this.#store.all('Node').values()) {
      nodes.set(name, keep(this.#nodes.get(name), { name, locality, addresses }))
    }
    this.#nodes = keep(this.#nodes, nodes)
  }

  #updatePlan(): Plan {
    const version = this.#store.version('Service', 'ServiceEntry')
    if (this.#plan === undefined || version !== this.#planVersion) {
      const { clusterDomain } = this.#settings
      const entries = this.#store.all('ServiceEntry').values()
      this.#plan = planServices(this.#store.all('Service').values(), entries, clusterDomain)
      this.#planVersion = version
    }
    return this.#plan
  }

  #updatePolicies(plan: Plan): Policies {
    const version = this.#store.version('DestinationRule', 'VirtualService', 'Service', 'ServiceEntry')
    const before = this.#policies
    if (before?.version === version) return before
    const problems: Problem[] = []
    const rules = this.#store.all('DestinationRule').values()
    const namespacesOf = (host: string): ReadonlySet<string> => plan.namespacesByHost.get(host) ?? new Set()
    const destinations = buildDestinations(rules, this.#settings.rootNamespace, namespacesOf, problems)
    const routes = buildRoutes(this.#store.all('VirtualService').values(), problems)
    this.#policies = {
      version,
      destinations: keepItems(before?.destinations, destinations, (policy) => policy.resource),
      routes: keepItems(before?.routes, routes, (policy) => `${policy.resource} ${policy.hosts[0]}`),
      problems,
    }
    return this.#policies
  }
}

/** @param keyOf tells the items apart */
function keepItems<T>(before: readonly T[] | undefined, now: readonly T[], keyOf: (item: T) => string): readonly T[] {
  if (before === undefined) return now
  const byKey = new Map(before.map((item) => [keyOf(item), item]))
  const kept = now.map((item) => keep(byKey.get(keyOf(item)), item))
  return sameItems(before, kept) ? before : kept
}
