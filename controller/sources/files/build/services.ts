/**
 * All services of the mesh. A change to a slice costs its service only; whatever may concern several (pods, nodes,
 * services themselves) costs one look at each.
 */
import type { Problem } from '../../../model/problem.ts'
import type { Service } from '../../../model/service.ts'
import { keep, sameItems } from '../same.ts'
import type { ResourceChange } from '../store.ts'
import type { EndpointSources, ResolvedHosts } from './endpoint-sources.ts'
import type { Plan, PlannedService } from './plan.ts'
import { type BuiltService, buildService } from './service.ts'
import { buildEntryService } from './service-entry.ts'
import { mergeEndpoints } from './slice-endpoints.ts'

interface RememberedService extends Partial<BuiltService> {
  readonly from: readonly unknown[]
}

export class ServiceTable {
  readonly #sources: EndpointSources
  readonly #remembered = new Map<string, RememberedService>()
  #byKey: ReadonlyMap<string, Service> = new Map()
  #problems: readonly Problem[] = []
  /** what the last update was made from: if it is the same, only noted services can differ */
  #from: readonly unknown[] = []

  constructor(sources: EndpointSources) {
    this.#sources = sources
  }

  get byKey(): ReadonlyMap<string, Service> {
    return this.#byKey
  }

  get problems(): readonly Problem[] {
    return this.#problems
  }

  /** @param version another number whenever anything that several services may depend on changed */
  update(plan: Plan, resolved: ResolvedHosts, version: number, changes: readonly ResourceChange[]): void {
    const touched = new Set(changes.flatMap((change) => this.#sources.note(change)))
    const from = [plan, resolved, version]
    const some = sameItems(from, this.#from)
    if (some && touched.size === 0) return
    if (some) this.#updateSome(touched, plan, resolved)
    else this.#updateAll(plan, resolved)
    this.#from = from
    const own = plan.services.flatMap(({ key }) => this.#remembered.get(key)?.problems ?? [])
    this.#problems = [...own, ...this.#sources.orphanProblems(plan.byName)]
  }

  #updateSome(touched: ReadonlySet<string>, plan: Plan, resolved: ResolvedHosts): void {
    const changed = [...touched].flatMap((name) => {
      const planned = plan.byName.get(name)
      return planned !== undefined && this.#build(planned, plan, resolved) ? planned.key : []
    })
    if (changed.length === 0) return
    const byKey = new Map(this.#byKey)
    for (const key of changed) {
      const service = this.#remembered.get(key)?.service
      if (service !== undefined) byKey.set(key, service)
    }
    this.#byKey = byKey
  }

  #updateAll(plan: Plan, resolved: ResolvedHosts): void {
    const byKey = new Map<string, Service>()
    for (const planned of plan.services) {
      this.#build(planned, plan, resolved)
      const service = this.#remembered.get(planned.key)?.service
      if (service !== undefined) byKey.set(planned.key, service)
    }
    const gone = [...this.#remembered.keys()].filter((key) => !plan.byKey.has(key))
    for (const key of gone) this.#remembered.delete(key)
    const before = this.#byKey
    const unchanged =
      sameItems([...before.keys()], [...byKey.keys()]) && sameItems([...before.values()], [...byKey.values()])
    if (!unchanged) this.#byKey = byKey
  }

  /** @returns whether it is another service than before */
  #build({ key, hostname, resource }: PlannedService, plan: Plan, resolved: ResolvedHosts): boolean {
    const automatic = plan.addresses.get(key)
    const isEntry = resource.kind === 'ServiceEntry'
    const lists = isEntry ? [this.#sources.ofEntry(resource, hostname, resolved)] : this.#sources.ofService(resource)
    const from = [resource, automatic?.v4, ...lists]
    const before = this.#remembered.get(key)
    if (before !== undefined && sameItems(before.from, from)) return false
    const endpoints = mergeEndpoints(lists)
    const built = isEntry
      ? buildEntryService(resource, hostname, endpoints, automatic)
      : buildService(resource, hostname, endpoints, automatic)
    const service = built && keep(before?.service, built.service)
    this.#remembered.set(key, { from, ...(service !== undefined && { service }), problems: built?.problems ?? [] })
    return service !== before?.service
  }
}
