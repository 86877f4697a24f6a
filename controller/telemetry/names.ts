/** Who stands behind the ids that the kernel counts by, in the words of Istio's and Kmesh's metrics. */
import type { Workload } from '../model/workload.ts'

/** The compiler's directory is one. */
export interface Names {
  readonly workload: (id: bigint) => Workload | undefined
  readonly service: (id: bigint) => NamedService | undefined
}

export interface NamedService {
  readonly namespace: string
  readonly name: string
  readonly hostname: string
}

/** What Istio writes where it does not know. */
export const UNKNOWN = 'unknown'

export type Labels = Readonly<Record<string, string>>

const WORKLOAD_LABELS = [
  'workload',
  'workload_namespace',
  'principal',
  'app',
  'version',
  'canonical_service',
  'canonical_revision',
  'cluster',
] as const

export const SOURCE_LABELS = WORKLOAD_LABELS.map((label) => `source_${label}`)
export const DESTINATION_LABELS = WORKLOAD_LABELS.map((label) => `destination_${label}`)
export const SERVICE_LABELS = ['destination_service', 'destination_service_name', 'destination_service_namespace']
export const POD_LABELS = ['destination_pod_address', 'destination_pod_name', 'destination_pod_namespace']

/** `source_workload`, ... in the order of SOURCE_LABELS or DESTINATION_LABELS. */
export function workloadLabels(side: 'source' | 'destination', workload: Workload | undefined): Labels {
  const known = (text: string | undefined) => (text === undefined || text === '' ? UNKNOWN : text)
  const values: Readonly<Record<(typeof WORKLOAD_LABELS)[number], string | undefined>> = {
    workload: workload?.workloadName,
    workload_namespace: workload?.namespace,
    principal: undefined, // nobody has proved who he is: an address is no identity
    app: workload?.labels['app'] ?? workload?.labels['app.kubernetes.io/name'],
    version: workload?.labels['version'] ?? workload?.labels['app.kubernetes.io/version'],
    canonical_service: workload?.canonicalName,
    canonical_revision: workload?.canonicalRevision,
    cluster: workload?.uid.split('/')[0],
  }
  return Object.fromEntries(WORKLOAD_LABELS.map((label) => [`${side}_${label}`, known(values[label])]))
}

export function serviceLabels(service: NamedService | undefined): Labels {
  return {
    destination_service: service?.hostname ?? UNKNOWN,
    destination_service_name: service?.name ?? UNKNOWN,
    destination_service_namespace: service?.namespace ?? UNKNOWN,
  }
}

export function podLabels(workload: Workload | undefined): Labels {
  return {
    destination_pod_address: workload?.addresses[0] ?? UNKNOWN,
    destination_pod_name: workload?.name ?? UNKNOWN,
    destination_pod_namespace: workload?.namespace ?? UNKNOWN,
  }
}

/** `namespace/name`; null: not known */
export function workloadText(workload: Workload | undefined): string | null {
  return workload === undefined ? null : `${workload.namespace}/${workload.name}`
}

export function serviceText(service: NamedService | undefined): string | null {
  return service === undefined ? null : `${service.namespace}/${service.name}`
}
