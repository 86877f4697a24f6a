/** Pods, WorkloadEntries and endpoints of ServiceEntries as workloads of the mesh. */

import type { Locality } from '../../../model/locality.ts'
import type { MeshNode } from '../../../model/mesh.ts'
import type { Workload } from '../../../model/workload.ts'
import type { Metadata } from '../metadata.ts'
import type { Owner, PodResource } from '../pod.ts'
import type { EntryEndpoint } from '../workload-entry.ts'

export const UNKNOWN_LOCALITY: Locality = { region: '', zone: '', subzone: '' }

/** @returns undefined: nothing can come from it or go to it */
export function podWorkload(pod: PodResource, nodes: ReadonlyMap<string, MeshNode>): Workload | undefined {
  if (pod.over || pod.addresses.length === 0) return undefined
  return {
    uid: `Kubernetes//Pod/${pod.namespace}/${pod.name}`,
    name: pod.name,
    namespace: pod.namespace,
    addresses: pod.addresses,
    serviceAccount: pod.serviceAccount,
    labels: pod.labels,
    node: pod.node,
    locality: nodes.get(pod.node)?.locality ?? UNKNOWN_LOCALITY,
    ...canonicalNames(pod.labels, pod.owner),
    hostNetwork: pod.hostNetwork,
  }
}

/** @param section tells the endpoints of one resource apart; empty: it has only this */
export function entryUid(of: Metadata, section: string): string {
  const uid = `Kubernetes/networking.istio.io/${of.kind}/${of.namespace}/${of.name}`
  return section === '' ? uid : `${uid}/${section}`
}

export function entryWorkload(of: Metadata, section: string, endpoint: EntryEndpoint): Workload | undefined {
  if (endpoint.byName) return undefined
  return {
    uid: entryUid(of, section),
    name: of.name,
    namespace: of.namespace,
    addresses: [endpoint.address],
    serviceAccount: endpoint.serviceAccount,
    labels: endpoint.labels,
    node: '',
    locality: endpoint.locality,
    ...canonicalNames(endpoint.labels, { type: of.kind.toLowerCase(), name: of.name }),
    hostNetwork: false,
  }
}

/** Istio's labels for telemetry, with what it falls back to. */
function canonicalNames(
  labels: Readonly<Record<string, string>>,
  owner: Owner,
): Pick<Workload, 'canonicalName' | 'canonicalRevision' | 'workloadType' | 'workloadName'> {
  const label = (...names: string[]): string | undefined => names.map((name) => labels[name]).find((value) => value)
  return {
    canonicalName: label('service.istio.io/canonical-name', 'app.kubernetes.io/name', 'app') ?? owner.name,
    canonicalRevision: label('service.istio.io/canonical-revision', 'app.kubernetes.io/version', 'version') ?? 'latest',
    workloadType: owner.type,
    workloadName: owner.name,
  }
}
