/** All kinds that say something about the mesh, and who decodes them. */
import type { Place } from '../../model/problem.ts'
import { type DestinationRuleResource, decodeDestinationRule } from './destination-rule.ts'
import { decodeEndpointSlice, type EndpointSliceResource } from './endpoint-slice.ts'
import { decodeEndpoints, type EndpointsResource } from './endpoints.ts'
import type { Field } from './field.ts'
import { type Metadata, type Naming, readMetadata } from './metadata.ts'
import { decodeNode, type NodeResource } from './node.ts'
import { decodePod, type PodResource } from './pod.ts'
import { decodeService, type ServiceResource } from './service.ts'
import { decodeServiceEntry, type ServiceEntryResource } from './service-entry.ts'
import { decodeVirtualService, type VirtualServiceResource } from './virtual-service.ts'
import { decodeWorkloadEntry, type WorkloadEntryResource } from './workload-entry.ts'

export interface ResourceByKind {
  readonly Service: ServiceResource
  readonly EndpointSlice: EndpointSliceResource
  readonly Endpoints: EndpointsResource
  readonly Pod: PodResource
  readonly Node: NodeResource
  readonly ServiceEntry: ServiceEntryResource
  readonly WorkloadEntry: WorkloadEntryResource
  readonly DestinationRule: DestinationRuleResource
  readonly VirtualService: VirtualServiceResource
}

export type Kind = keyof ResourceByKind
export type Resource = ResourceByKind[Kind]

interface Decoder {
  readonly group: string
  readonly versions: readonly string[]
  readonly naming: Naming
  readonly decode: (root: Field, metadata: Metadata, clusterDomain: string) => Resource | undefined
}

const LABEL: Naming = { namespaced: true, name: 'label' }
const SUBDOMAIN: Naming = { namespaced: true, name: 'subdomain' }
const CLUSTER_WIDE: Naming = { namespaced: false, name: 'subdomain' }

const CORE = { group: '', versions: ['v1'] }
const DISCOVERY = { group: 'discovery.k8s.io', versions: ['v1'] }
const NETWORKING = { group: 'networking.istio.io', versions: ['v1', 'v1beta1', 'v1alpha3'] }

const DECODERS: { readonly [K in Kind]: Decoder } = {
  Service: { ...CORE, naming: LABEL, decode: decodeService },
  Endpoints: { ...CORE, naming: SUBDOMAIN, decode: decodeEndpoints },
  Pod: { ...CORE, naming: SUBDOMAIN, decode: decodePod },
  Node: { ...CORE, naming: CLUSTER_WIDE, decode: decodeNode },
  EndpointSlice: { ...DISCOVERY, naming: SUBDOMAIN, decode: decodeEndpointSlice },
  ServiceEntry: { ...NETWORKING, naming: SUBDOMAIN, decode: decodeServiceEntry },
  WorkloadEntry: { ...NETWORKING, naming: SUBDOMAIN, decode: decodeWorkloadEntry },
  DestinationRule: { ...NETWORKING, naming: SUBDOMAIN, decode: decodeDestinationRule },
  VirtualService: { ...NETWORKING, naming: SUBDOMAIN, decode: decodeVirtualService },
}

export const KINDS = Object.keys(DECODERS) as Kind[]

export type KindCheck =
  | { readonly is: 'known'; readonly kind: Kind }
  | { readonly is: 'other-version'; readonly versions: readonly string[] }
  | { readonly is: 'unknown' }

export function checkKind(group: string, version: string, kind: string): KindCheck {
  const known = KINDS.find((name) => name === kind && DECODERS[name].group === group)
  if (known === undefined) return { is: 'unknown' }
  const { versions } = DECODERS[known]
  return versions.includes(version) ? { is: 'known', kind: known } : { is: 'other-version', versions }
}

/** @returns the metadata as soon as it can be told which resource this is, even if nothing else of it is sound */
export function decodeResource(
  root: Field,
  kind: Kind,
  place: Place,
  clusterDomain: string,
): { readonly metadata?: Metadata; readonly resource?: Resource } {
  const metadata = readMetadata(root, kind, DECODERS[kind].naming, place)
  if (metadata === undefined) return {}
  const resource = DECODERS[kind].decode(root, metadata, clusterDomain)
  return resource === undefined ? { metadata } : { metadata, resource }
}
