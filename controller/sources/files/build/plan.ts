/** Which services there are, in order of precedence, and which of them need an address. */
import type { Problem } from '../../../model/problem.ts'
import { type AutomaticAddress, automaticAddresses } from '../automatic-address.ts'
import type { ServiceResource } from '../service.ts'
import type { ServiceEntryResource } from '../service-entry.ts'
import { compareAge, compareText } from './policies.ts'
import { lacksAddress } from './service.ts'
import { lacksEntryAddress } from './service-entry.ts'

export interface PlannedService {
  /** `namespace/hostname` */
  readonly key: string
  readonly hostname: string
  readonly resource: ServiceResource | ServiceEntryResource
}

export interface Plan {
  readonly services: readonly PlannedService[]
  readonly byKey: ReadonlyMap<string, PlannedService>
  /** Kubernetes services by `namespace/name` */
  readonly byName: ReadonlyMap<string, PlannedService>
  readonly addresses: ReadonlyMap<string, AutomaticAddress>
  readonly namespacesByHost: ReadonlyMap<string, ReadonlySet<string>>
  readonly problems: readonly Problem[]
}

export function planServices(
  services: Iterable<ServiceResource>,
  entries: Iterable<ServiceEntryResource>,
  clusterDomain: string,
): Plan {
  const planned = new Map<string, PlannedService>()
  const byName = new Map<string, PlannedService>()
  const problems: Problem[] = []
  for (const resource of services) {
    const hostname = `${resource.name}.${resource.namespace}.svc.${clusterDomain}`
    const key = `${resource.namespace}/${hostname}`
    const service = { key, hostname, resource }
    planned.set(key, service)
    byName.set(`${resource.namespace}/${resource.name}`, service)
  }
  for (const resource of [...entries].sort(compareAge)) {
    for (const [n, hostname] of resource.hosts.entries()) {
      const key = `${resource.namespace}/${hostname}`
      const other = planned.get(key)
      if (other === undefined) planned.set(key, { key, hostname, resource })
      else problems.push(claimed(resource, `spec.hosts[${n}]`, `${hostname} is ${other.resource.resource} already`))
    }
  }
  const ordered = [...planned.values()].sort(
    (a, b) => a.resource.created - b.resource.created || compareText(a.key, b.key),
  )
  return {
    services: ordered,
    byKey: planned,
    byName,
    addresses: giveAddresses(ordered),
    namespacesByHost: groupByHost(ordered),
    problems,
  }
}

function claimed({ resource, place }: ServiceEntryResource, field: string, message: string): Problem {
  return { severity: 'error', resource, field, message, place }
}

function giveAddresses(services: readonly PlannedService[]): ReadonlyMap<string, AutomaticAddress> {
  const inNeed: string[] = []
  const taken = new Set<string>()
  for (const { key, hostname, resource } of services) {
    const isEntry = resource.kind === 'ServiceEntry'
    if (isEntry ? lacksEntryAddress(resource, hostname) : lacksAddress(resource)) inNeed.push(key)
    for (const address of isEntry ? resource.addresses : resource.clusterAddresses) taken.add(address)
  }
  return automaticAddresses(inNeed, taken)
}

function groupByHost(services: readonly PlannedService[]): ReadonlyMap<string, ReadonlySet<string>> {
  const byHost = new Map<string, Set<string>>()
  for (const { hostname, resource } of services) {
    const namespaces = byHost.get(hostname)
    if (namespaces === undefined) byHost.set(hostname, new Set([resource.namespace]))
    else namespaces.add(resource.namespace)
  }
  return byHost
}
