/** ServiceEntry (networking.istio.io): services that Kubernetes knows nothing of. */
import type { Protocol, ServicePort } from '../../model/service.ts'
import { canonicalNetwork } from './address.ts'
import { clip, type Field } from './field.ts'
import type { Metadata } from './metadata.ts'
import { readHost } from './names.ts'
import { type EntryEndpoint, readEntryEndpoint } from './workload-entry.ts'

export interface ServiceEntryResource extends Metadata {
  readonly kind: 'ServiceEntry'
  readonly hosts: readonly string[]
  readonly addresses: readonly string[]
  readonly ports: readonly ServicePort[]
  /** by name of the port: number at the endpoints */
  readonly targets: ReadonlyMap<string, number>
  readonly resolution: 'NONE' | 'STATIC' | 'DNS'
  readonly endpoints: readonly EntryEndpoint[]
  /** labels of workloads; absent: none are selected */
  readonly selector?: Readonly<Record<string, string>>
}

const HONOURED = 'hosts addresses ports location resolution endpoints workloadSelector exportTo'.split(' ')

export function decodeServiceEntry(root: Field, metadata: Metadata): ServiceEntryResource {
  const spec = root
    .get('spec')
    .required()
    .only(...HONOURED)
  spec.get('location').oneOf('MESH_EXTERNAL', 'MESH_INTERNAL')
  const resolution = readResolution(spec.get('resolution'))
  const hosts = readHosts(spec.get('hosts'), resolution)
  const targets = new Map<string, number>()
  const ports = readPorts(spec.get('ports'), targets)
  const endpoints = readEndpoints(spec.get('endpoints'), ports, resolution)
  const selector = spec.get('workloadSelector').only('labels')
  if (selector.present && endpoints.length > 0) selector.refuse('stands beside endpoints: one of the two')
  readExport(spec.get('exportTo'))
  const addresses = readVirtualAddresses(spec.get('addresses'))
  if (resolution === 'DNS' && hosts.length > 1 && addresses.length > 0 && endpoints.length === 0 && !selector.present) {
    spec.get('hosts').warn('are several behind the same addresses: connections go where the first one resolves to')
  }
  return {
    ...metadata,
    kind: 'ServiceEntry',
    hosts,
    addresses,
    ports,
    targets,
    resolution,
    endpoints,
    ...(selector.present && { selector: selector.get('labels').texts() }),
  }
}

function readResolution(field: Field): ServiceEntryResource['resolution'] {
  const value = field.oneOf('NONE', 'STATIC', 'DNS', 'DNS_ROUND_ROBIN', 'DYNAMIC_DNS')
  if (value === 'DYNAMIC_DNS')
    field.leaveOut('DYNAMIC_DNS needs a proxy that reads host names: connections are left alone')
  if (value === 'DNS' || value === 'DNS_ROUND_ROBIN') return 'DNS'
  return value === 'STATIC' ? 'STATIC' : 'NONE'
}

function readHosts(list: Field, resolution: string): string[] {
  const fields = list.required().items()
  if (list.present && fields.length === 0) list.refuse('is empty')
  const hosts: string[] = []
  for (const field of fields) {
    const host = field.value === '*' ? undefined : readHost(field)
    if (field.value === '*') field.refuse('"*" covers every host there is: name them')
    if (host?.startsWith('*') && resolution === 'DNS') field.refuse(`"${clip(host)}" cannot be looked up`)
    if (host !== undefined && !hosts.includes(host)) hosts.push(host)
  }
  return hosts
}

function readVirtualAddresses(list: Field): string[] {
  const addresses: string[] = []
  for (const field of list.items()) {
    const text = field.text()
    if (text === undefined) continue
    const network = canonicalNetwork(text)
    const [address = '', bits = ''] = network?.split('/') ?? []
    if (network === undefined) field.refuse(`"${clip(text)}" is neither an IP address nor a network`)
    else if (bits !== (address.includes(':') ? '128' : '32'))
      field.leaveOut(`${network} is a network: only single addresses are balanced`)
    else if (!addresses.includes(address)) addresses.push(address)
  }
  return addresses
}

function readPorts(list: Field, targets: Map<string, number>): ServicePort[] {
  const ports: ServicePort[] = []
  for (const field of list.items()) {
    field.only('number', 'name', 'protocol', 'targetPort')
    const number = field.get('number').required().port()
    const name = field.get('name').text() ?? ''
    const target = field.get('targetPort').value === 0 ? undefined : field.get('targetPort').port()
    const { protocol, appProtocol } = readProtocol(field.get('protocol'))
    if (ports.some((port) => port.name === name))
      field.get('name').refuse(`"${clip(name)}" is the name of another port already`)
    if (number === undefined) continue
    if (ports.some((port) => port.port === number && port.protocol === protocol)) {
      field.get('number').refuse(`${number}/${protocol} is another port already`)
    }
    ports.push({ name, port: number, protocol, appProtocol })
    targets.set(name, target ?? number)
  }
  return ports
}

/** Istio's field says the application's protocol; all but UDP run over TCP. */
function readProtocol(field: Field): { protocol: Protocol; appProtocol: string } {
  const known = ['HTTP', 'HTTPS', 'HTTP2', 'GRPC', 'GRPC-WEB', 'MONGO', 'MYSQL', 'REDIS', 'TCP', 'TLS', 'UDP']
  const text = field.text()?.toUpperCase() ?? ''
  if (text !== '' && !known.includes(text)) {
    field.refuse(`is "${clip(text)}", must be one of ${known.join(', ')}`)
    return { protocol: 'TCP', appProtocol: '' }
  }
  return { protocol: text === 'UDP' ? 'UDP' : 'TCP', appProtocol: text.toLowerCase() }
}

function readEndpoints(list: Field, ports: readonly ServicePort[], resolution: string): EntryEndpoint[] {
  const fields = list.items()
  if (resolution === 'NONE' && fields.length > 0) list.refuse('needs resolution STATIC or DNS')
  const endpoints: EntryEndpoint[] = []
  for (const field of fields) {
    const endpoint = readEntryEndpoint(field)
    if (endpoint === undefined) continue
    if (endpoint.byName && resolution === 'STATIC') {
      field.get('address').refuse(`"${clip(endpoint.address)}" is a host name, which needs resolution DNS`)
    }
    for (const name of endpoint.ports.keys()) {
      if (!ports.some((port) => port.name === name))
        field.get('ports').get(name).refuse('is no port of this ServiceEntry')
    }
    endpoints.push(endpoint)
  }
  return endpoints
}

function readExport(list: Field): void {
  const values = list.items().map((field) => field.text())
  if (values.some((value) => value !== '*')) {
    list.warn('is not honoured: clients are not told apart, so every namespace sees this service')
  }
}
