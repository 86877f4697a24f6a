/** A service: what clients ask for, and which endpoints may answer. Addresses are canonical text (RFC 5952). */
import type { Locality } from './locality.ts'
import type { Place } from './problem.ts'

export type Protocol = 'TCP' | 'UDP'

export interface Service {
  /** e.g. `Service default/reviews`: for problems and dumps */
  readonly resource: string
  readonly place?: Place
  readonly namespace: string
  /** short name: Service.metadata.name; for a ServiceEntry its hostname */
  readonly name: string
  /** fully qualified: `reviews.default.svc.cluster.local` */
  readonly hostname: string
  readonly addresses: readonly ServiceAddress[]
  /** no virtual address: names resolve to the endpoints themselves */
  readonly headless: boolean
  /** an alias by CNAME (ExternalName) */
  readonly externalName?: string
  readonly ports: readonly ServicePort[]
  readonly endpoints: readonly Endpoint[]
  /** seconds; absent: none (sessionAffinity ClientIP) */
  readonly affinitySeconds?: number
  readonly internalTrafficPolicy: 'Cluster' | 'Local'
  readonly externalTrafficPolicy: 'Cluster' | 'Local'
  readonly trafficDistribution?: 'PreferSameZone' | 'PreferSameNode'
  readonly publishNotReadyAddresses: boolean
  /** kmesh.net/socket-lane: disabled */
  readonly socketLane: boolean
}

/**
 * cluster: virtual address of the service (all its ports);
 * external: external and load-balancer addresses (all its ports);
 * node: answers on `nodePort` at every address of every node, so it has no address of its own.
 */
export type ServiceAddress =
  | { readonly scope: 'cluster' | 'external'; readonly address: string }
  | { readonly scope: 'node' }

export interface ServicePort {
  /** empty where the only port has no name */
  readonly name: string
  readonly port: number
  readonly protocol: Protocol
  /** lower case; from appProtocol or the port's name (Istio's rule); empty: unknown */
  readonly appProtocol: string
  readonly nodePort?: number
}

export interface Endpoint {
  readonly address: string
  /** EndpointSlice `hostname`, or a pod's hostname under its subdomain: a DNS label of its own in a headless service */
  readonly hostname?: string
  /** uid of the workload behind it; absent: not known */
  readonly workload?: string
  /** port of the service (by name) -> port of the endpoint; absent: this endpoint does not serve that port */
  readonly ports: ReadonlyMap<string, number>
  readonly ready: boolean
  readonly serving: boolean
  readonly terminating: boolean
  /** empty: unknown */
  readonly node: string
  readonly locality: Locality
  /** EndpointSlice hints; empty: none */
  readonly hintZones: readonly string[]
  readonly hintNodes: readonly string[]
  /** relative; 1 unless said otherwise (ServiceEntry, WorkloadEntry); 0: takes no traffic */
  readonly weight: number
  /** for subsets */
  readonly labels: Readonly<Record<string, string>>
}
