/** Endpoints (v1, legacy): the slices of old, read only for services that have no EndpointSlice. */
import { readAddress } from './address.ts'
import { readHostname, readPod, type SliceEndpoint } from './endpoint-slice.ts'
import { clip, type Field } from './field.ts'
import type { Metadata } from './metadata.ts'
import { readTransport } from './protocol.ts'

/** The name is the service's. */
export interface EndpointsResource extends Metadata {
  readonly kind: 'Endpoints'
  readonly subsets: readonly EndpointSubset[]
}

export interface EndpointSubset {
  readonly ports: ReadonlyMap<string, number>
  readonly endpoints: readonly SliceEndpoint[]
}

export function decodeEndpoints(root: Field, metadata: Metadata): EndpointsResource {
  root.only('apiVersion', 'kind', 'metadata', 'subsets')
  const subsets = root
    .get('subsets')
    .items()
    .map((subset) => ({
      ports: readPorts(subset.get('ports')),
      endpoints: [
        ...subset
          .get('addresses')
          .items()
          .flatMap((field) => readEndpoint(field, true, metadata.namespace)),
        ...subset
          .get('notReadyAddresses')
          .items()
          .flatMap((field) => readEndpoint(field, false, metadata.namespace)),
      ],
    }))
  return { ...metadata, kind: 'Endpoints', subsets }
}

function readPorts(list: Field): ReadonlyMap<string, number> {
  const ports = new Map<string, number>()
  for (const field of list.items()) {
    const transport = readTransport(field.get('protocol'))
    const name = field.get('name').text() ?? ''
    const port = field.get('port').required().port()
    if (ports.has(name)) field.get('name').refuse(`"${clip(name)}" is the name of another port already`)
    else if (transport !== undefined && port !== undefined) ports.set(name, port)
  }
  return ports
}

function readEndpoint(field: Field, ready: boolean, namespace: string): SliceEndpoint[] {
  const address = readAddress(field.get('ip').required())
  if (address === undefined) return []
  return [
    {
      address,
      hostname: readHostname(field.get('hostname')),
      pod: readPod(field.get('targetRef'), namespace),
      ready,
      serving: ready,
      terminating: false,
      node: field.get('nodeName').text() ?? '',
      zone: '',
      hintZones: [],
      hintNodes: [],
    },
  ]
}
