/** Pod (v1): who runs where, and what its containers' ports are called. */
import type { Protocol } from '../../model/service.ts'
import { readAddress } from './address.ts'
import { readHostname } from './endpoint-slice.ts'
import type { Field } from './field.ts'
import type { Metadata } from './metadata.ts'

export interface PodResource extends Metadata {
  readonly kind: 'Pod'
  readonly labels: Readonly<Record<string, string>>
  readonly addresses: readonly string[]
  readonly node: string
  readonly serviceAccount: string
  readonly hostNetwork: boolean
  /** name below the service named by `subdomain`; both empty: none */
  readonly hostname: string
  readonly subdomain: string
  readonly owner: Owner
  readonly ready: boolean
  readonly terminating: boolean
  /** its containers have ended for good: its addresses may be another pod's by now */
  readonly over: boolean
  /** `name/protocol` -> port */
  readonly ports: ReadonlyMap<string, number>
}

export interface Owner {
  /** lower case: `deployment`, `statefulset`, `cronjob`, `pod`, ... */
  readonly type: string
  readonly name: string
}

export function decodePod(root: Field, metadata: Metadata): PodResource {
  const [spec, status] = [root.get('spec'), root.get('status')]
  const labels = root.get('metadata').get('labels').texts()
  const phase = status.get('phase').text()
  return {
    ...metadata,
    kind: 'Pod',
    labels,
    addresses: readAddresses(status),
    node: spec.get('nodeName').text() ?? '',
    serviceAccount: spec.get('serviceAccountName').text() ?? spec.get('serviceAccount').text() ?? 'default',
    hostNetwork: spec.get('hostNetwork').flag() ?? false,
    hostname: readHostname(spec.get('hostname')),
    subdomain: spec.get('subdomain').text() ?? '',
    owner: readOwner(root.get('metadata'), metadata.name, labels),
    ready: readReady(status.get('conditions')),
    terminating: root.get('metadata').get('deletionTimestamp').present,
    over: phase === 'Succeeded' || phase === 'Failed',
    ports: readPorts(spec),
  }
}

function readAddresses(status: Field): string[] {
  const several = status
    .get('podIPs')
    .items()
    .map((field) => readAddress(field.get('ip').required()))
  const single = status.get('podIP').value === '' ? undefined : readAddress(status.get('podIP'))
  const addresses = several.length > 0 ? several : [single]
  return addresses.filter((address) => address !== undefined)
}

/** A pod without any condition was written by hand: it counts as ready, as an endpoint without conditions does. */
function readReady(conditions: Field): boolean {
  if (!conditions.present) return true
  const ready = conditions.items().find((field) => field.get('type').value === 'Ready')
  return ready?.get('status').value === 'True'
}

/** What the pod was made from, a Deployment seen through its ReplicaSet and a CronJob through its Job. */
function readOwner(metadata: Field, pod: string, labels: Readonly<Record<string, string>>): Owner {
  const owners = metadata.get('ownerReferences').items()
  const owner = owners.find((field) => field.get('controller').value === true)
  const [kind, name] = [owner?.get('kind').text(), owner?.get('name').text()]
  if (kind === undefined || name === undefined) return { type: 'pod', name: pod }
  const hash = labels['pod-template-hash']
  if (kind === 'ReplicaSet' && hash !== undefined && name.endsWith(`-${hash}`)) {
    return { type: 'deployment', name: name.slice(0, -hash.length - 1) }
  }
  // The job controller appends the scheduled minute or second.
  const scheduled = kind === 'Job' ? /^(.+)-\d{8,10}$/.exec(name)?.[1] : undefined
  return scheduled === undefined ? { type: kind.toLowerCase(), name } : { type: 'cronjob', name: scheduled }
}

function readPorts(spec: Field): ReadonlyMap<string, number> {
  const ports = new Map<string, number>()
  // Init containers that run on are sidecars: their ports count too, but after the containers'.
  const sidecars = spec
    .get('initContainers')
    .items()
    .filter((field) => field.get('restartPolicy').value === 'Always')
  for (const container of [...spec.get('containers').items(), ...sidecars]) {
    for (const field of container.get('ports').items()) {
      const name = field.get('name').text()
      const port = field.get('containerPort').required().port()
      const protocol: Protocol | 'SCTP' = field.get('protocol').oneOf('TCP', 'UDP', 'SCTP') ?? 'TCP'
      if (name === undefined || port === undefined) continue
      if (!ports.has(`${name}/${protocol}`)) ports.set(`${name}/${protocol}`, port)
    }
  }
  return ports
}
