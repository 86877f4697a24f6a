/** EndpointSlice (discovery.k8s.io/v1). */
import { type Family, familyOf, readAddress } from './address.ts'
import { clip, type Field } from './field.ts'
import type { Metadata } from './metadata.ts'
import { labelFault } from './names.ts'
import { readTransport } from './protocol.ts'

export interface EndpointSliceResource extends Metadata {
  readonly kind: 'EndpointSlice'
  /** name of the service; empty: of none */
  readonly service: string
  /** name of the service's port -> port of the endpoints */
  readonly ports: ReadonlyMap<string, number>
  readonly endpoints: readonly SliceEndpoint[]
}

export interface SliceEndpoint {
  readonly address: string
  readonly hostname: string
  /** `namespace/name`; empty: not said */
  readonly pod: string
  readonly ready: boolean
  readonly serving: boolean
  readonly terminating: boolean
  readonly node: string
  readonly zone: string
  readonly hintZones: readonly string[]
  readonly hintNodes: readonly string[]
}

const SERVICE_LABEL = 'kubernetes.io/service-name'
const NONE: readonly string[] = []

export function decodeEndpointSlice(root: Field, metadata: Metadata): EndpointSliceResource {
  root.only('apiVersion', 'kind', 'metadata', 'addressType', 'ports', 'endpoints')
  const label = root.get('metadata').get('labels').get(SERVICE_LABEL)
  if (!label.present)
    root.get('metadata').get('labels').warn(`has no ${SERVICE_LABEL}: these are endpoints of no service`)
  const type = root.get('addressType').required().oneOf('IPv4', 'IPv6', 'FQDN')
  if (type === 'FQDN') root.get('addressType').leaveOut('FQDN: endpoints without an IP address are left out')
  const family = type === 'IPv6' ? 6 : 4
  return {
    ...metadata,
    kind: 'EndpointSlice',
    service: label.text() ?? '',
    ports: readPorts(root.get('ports')),
    endpoints:
      type === 'FQDN'
        ? []
        : root
            .get('endpoints')
            .items()
            .flatMap((field) => readEndpoint(field, family, metadata.namespace)),
  }
}

function readPorts(list: Field): ReadonlyMap<string, number> {
  const ports = new Map<string, number>()
  for (const field of list.items()) {
    const transport = readTransport(field.get('protocol'))
    const name = field.get('name').text() ?? ''
    const port = field.get('port').port()
    if (transport === undefined) continue
    if (!field.get('port').present) field.leaveOut('has no port number ("all ports"): it is left out')
    else if (ports.has(name)) field.get('name').refuse(`"${clip(name)}" is the name of another port already`)
    else if (port !== undefined) ports.set(name, port)
  }
  return ports
}

function readEndpoint(field: Field, family: Family, namespace: string): SliceEndpoint[] {
  const addresses = field.get('addresses').required().items()
  // Several addresses of one endpoint are interchangeable: consumers take the first.
  const address = addresses[0] === undefined ? undefined : readAddress(addresses[0])
  if (addresses.length === 0 && field.get('addresses').present) field.get('addresses').refuse('is empty')
  if (address === undefined) return []
  if (familyOf(address) !== family) addresses[0]?.refuse(`${address} is no address of the slice's addressType`)
  const conditions = field.get('conditions')
  const ready = conditions.get('ready').flag() ?? true
  const hints = field.get('hints')
  return [
    {
      address,
      hostname: readHostname(field.get('hostname')),
      pod: readPod(field.get('targetRef'), namespace),
      ready,
      serving: conditions.get('serving').flag() ?? ready,
      terminating: conditions.get('terminating').flag() ?? false,
      node: field.get('nodeName').text() ?? '',
      zone: field.get('zone').text() ?? '',
      hintZones: readNames(hints.get('forZones')),
      hintNodes: readNames(hints.get('forNodes')),
    },
  ]
}

export function readHostname(field: Field): string {
  const hostname = field.text() ?? ''
  const fault = hostname === '' ? undefined : labelFault(hostname)
  if (fault !== undefined) field.refuse(fault)
  return hostname
}

/** targetRef of an endpoint, where it is a pod */
export function readPod(field: Field, namespace: string): string {
  if (!field.present || field.get('kind').value !== 'Pod') return ''
  const name = field.get('name').text()
  return name === undefined ? '' : `${field.get('namespace').text() || namespace}/${name}`
}

function readNames(list: Field): readonly string[] {
  if (!list.present) return NONE
  return list.items().flatMap((field) => field.get('name').required().text() ?? [])
}
