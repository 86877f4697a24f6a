/** A Kubernetes Service as a service of the mesh. */
import type { Problem } from '../../../model/problem.ts'
import type { Endpoint, Service, ServiceAddress } from '../../../model/service.ts'
import { familyOf } from '../address.ts'
import type { AutomaticAddress } from '../automatic-address.ts'
import type { ServiceResource } from '../service.ts'

export interface BuiltService {
  readonly service: Service
  readonly problems: readonly Problem[]
}

/** Whether clients are to reach it at one address, and nobody gave it one. */
export function lacksAddress({ type, headless, clusterAddresses }: ServiceResource): boolean {
  return type !== 'ExternalName' && !headless && clusterAddresses.length === 0
}

/** @param automatic for a service that lacks an address; absent: none is left */
export function buildService(
  resource: ServiceResource,
  hostname: string,
  endpoints: readonly Endpoint[],
  automatic: AutomaticAddress | undefined,
): BuiltService {
  const cluster = lacksAddress(resource)
    ? pickFamilies(automatic, resource.families.length > 0 ? resource.families : familiesOf(endpoints))
    : resource.clusterAddresses
  const { affinitySeconds, trafficDistribution, externalName } = resource
  const service: Service = {
    resource: resource.resource,
    place: resource.place,
    namespace: resource.namespace,
    name: resource.name,
    hostname,
    addresses: [
      ...cluster.map((address): ServiceAddress => ({ scope: 'cluster', address })),
      ...resource.externalAddresses.map((address): ServiceAddress => ({ scope: 'external', address })),
      ...(resource.ports.some((port) => port.nodePort !== undefined) ? [{ scope: 'node' } as const] : []),
    ],
    headless: resource.headless,
    ...(externalName !== undefined && { externalName }),
    ports: resource.ports,
    endpoints,
    ...(affinitySeconds !== undefined && { affinitySeconds }),
    internalTrafficPolicy: resource.internalTrafficPolicy,
    externalTrafficPolicy: resource.externalTrafficPolicy,
    ...(trafficDistribution !== undefined && { trafficDistribution }),
    publishNotReadyAddresses: resource.publishNotReadyAddresses,
    socketLane: resource.socketLane,
  }
  return { service, problems: lacksAddress(resource) ? [lackProblem(resource, cluster)] : [] }
}

function lackProblem({ resource, place }: ServiceResource, cluster: readonly string[]): Problem {
  const message =
    cluster.length > 0 ? `is missing: ${cluster.join(' and ')} is used, by its name it can be reached` : RANGE_FULL
  return { severity: cluster.length > 0 ? 'warning' : 'error', resource, field: 'spec.clusterIP', message, place }
}

export const RANGE_FULL = 'is missing, and the range of automatic addresses is used up'

/** Families that endpoints have; IPv4 where there are none yet. */
export function familiesOf(endpoints: readonly Endpoint[]): readonly (4 | 6)[] {
  const four = endpoints.some(({ address }) => familyOf(address) === 4)
  const six = endpoints.some(({ address }) => familyOf(address) === 6)
  if (four && six) return [4, 6]
  return six ? [6] : [4]
}

export function pickFamilies(address: AutomaticAddress | undefined, families: readonly (4 | 6)[]): string[] {
  if (address === undefined) return []
  return families.map((family) => (family === 4 ? address.v4 : address.v6))
}
