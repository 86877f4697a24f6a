/** EndpointSlices by the service that they belong to, kept up change by change. */
import type { EndpointSliceResource } from '../endpoint-slice.ts'
import type { Resource } from '../resource.ts'
import type { ResourceChange } from '../store.ts'
import { compareText } from './policies.ts'

export class SliceIndex {
  readonly #byService = new Map<string, readonly EndpointSliceResource[]>()

  /** @param service `namespace/name`; @returns its slices in the order of their names */
  of(service: string): readonly EndpointSliceResource[] {
    return this.#byService.get(service) ?? []
  }

  /** Slices of services that are none of these. */
  orphans(services: { has(service: string): boolean }): EndpointSliceResource[] {
    const orphans = [...this.#byService].flatMap(([service, slices]) => (services.has(service) ? [] : slices))
    return orphans.sort((a, b) => compareText(a.resource, b.resource))
  }

  /** @returns the services that have other slices now */
  note({ before, after }: ResourceChange): string[] {
    const touched: string[] = []
    for (const resource of [before, after]) {
      if (!isAttached(resource)) continue
      const service = `${resource.namespace}/${resource.service}`
      const others = this.of(service).filter((slice) => slice !== resource)
      if (resource === after) others.push(resource)
      if (others.length === 0) this.#byService.delete(service)
      else
        this.#byService.set(
          service,
          others.sort((a, b) => compareText(a.name, b.name)),
        )
      touched.push(service)
    }
    return touched
  }
}

function isAttached(resource: Resource | undefined): resource is EndpointSliceResource {
  return resource?.kind === 'EndpointSlice' && resource.service !== ''
}
