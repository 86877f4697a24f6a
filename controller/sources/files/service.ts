/** Service (v1). */
import type { Protocol, ServicePort } from '../../model/service.ts'
import { type Family, familyOf, readAddress } from './address.ts'
import { clip, type Field } from './field.ts'
import type { Metadata } from './metadata.ts'
import { readHost } from './names.ts'
import { appProtocolOf, readTransport } from './protocol.ts'

export interface ServiceResource extends Metadata {
  readonly kind: 'Service'
  readonly type: 'ClusterIP' | 'NodePort' | 'LoadBalancer' | 'ExternalName'
  readonly headless: boolean
  /** empty for a service that needs an address and was given none */
  readonly clusterAddresses: readonly string[]
  readonly externalAddresses: readonly string[]
  readonly families: readonly Family[]
  readonly externalName?: string
  readonly selector: Readonly<Record<string, string>>
  readonly ports: readonly ServicePort[]
  /** by name of the port: number, or name of a container's port */
  readonly targets: ReadonlyMap<string, number | string>
  readonly affinitySeconds?: number
  readonly internalTrafficPolicy: 'Cluster' | 'Local'
  readonly externalTrafficPolicy: 'Cluster' | 'Local'
  readonly trafficDistribution?: 'PreferSameZone' | 'PreferSameNode'
  readonly publishNotReadyAddresses: boolean
  readonly socketLane: boolean
}

const DEFAULT_AFFINITY_SECONDS = 10800
const MAX_AFFINITY_SECONDS = 86400

const HONOURED = [
  'type clusterIP clusterIPs ipFamilies ipFamilyPolicy externalIPs externalName selector ports sessionAffinity',
  'sessionAffinityConfig internalTrafficPolicy externalTrafficPolicy trafficDistribution publishNotReadyAddresses',
  // of no meaning to a client's connections
  'allocateLoadBalancerNodePorts healthCheckNodePort loadBalancerClass loadBalancerIP',
].flatMap((line) => line.split(' '))

export function decodeService(root: Field, metadata: Metadata): ServiceResource {
  const spec = root
    .get('spec')
    .required()
    .only(...HONOURED)
  const type = spec.get('type').oneOf('ClusterIP', 'NodePort', 'LoadBalancer', 'ExternalName') ?? 'ClusterIP'
  const outside = type === 'NodePort' || type === 'LoadBalancer'
  const { headless, addresses } = readClusterAddresses(spec, type)
  const external = type === 'ExternalName' ? readHost(spec.get('externalName').required()) : undefined
  const affinity = readAffinity(spec)
  const distribution = readDistribution(spec.get('trafficDistribution'))
  const targets = new Map<string, number | string>()
  return {
    ...metadata,
    kind: 'Service',
    type,
    headless,
    clusterAddresses: addresses,
    externalAddresses: readExternalAddresses(root, spec, type),
    families: readFamilies(spec),
    ...(external !== undefined && { externalName: external }),
    selector: spec.get('selector').texts(),
    ports: readPorts(spec.get('ports'), outside, targets),
    targets,
    ...(affinity !== undefined && { affinitySeconds: affinity }),
    internalTrafficPolicy: spec.get('internalTrafficPolicy').oneOf('Cluster', 'Local') ?? 'Cluster',
    externalTrafficPolicy: spec.get('externalTrafficPolicy').oneOf('Cluster', 'Local') ?? 'Cluster',
    ...(distribution !== undefined && { trafficDistribution: distribution }),
    publishNotReadyAddresses: spec.get('publishNotReadyAddresses').flag() ?? false,
    socketLane: !isDisabled(root, 'kmesh.net/socket-lane'),
  }
}

/** Annotation or label `NAME: disabled`. */
function isDisabled(root: Field, name: string): boolean {
  const metadata = root.get('metadata')
  return ['annotations', 'labels'].some((place) => metadata.get(place).get(name).value === 'disabled')
}

function readClusterAddresses(spec: Field, type: ServiceResource['type']): { headless: boolean; addresses: string[] } {
  if (type === 'ExternalName') return { headless: false, addresses: [] }
  const single = spec.get('clusterIP')
  const several = spec.get('clusterIPs').items()
  if (single.value === 'None' || several.some((field) => field.value === 'None')) {
    if (type !== 'ClusterIP') single.refuse(`is None, which a service of type ${type} cannot have`)
    return { headless: true, addresses: [] }
  }
  const first = single.present && single.value !== '' ? readAddress(single) : undefined
  const addresses = several.map(readAddress).filter((address) => address !== undefined)
  if (first !== undefined && addresses.length === 0) addresses.push(first)
  if (first !== undefined && addresses[0] !== first) single.refuse(`is ${first}, must be the first of clusterIPs`)
  return { headless: false, addresses: [...new Set(addresses)] }
}

function readExternalAddresses(root: Field, spec: Field, type: ServiceResource['type']): string[] {
  const addresses = spec.get('externalIPs').items().map(readAddress)
  if (type === 'LoadBalancer') {
    for (const ingress of root.get('status').get('loadBalancer').get('ingress').items()) {
      // Proxy: the load balancer wants to see the connection itself.
      if (ingress.get('ip').present && ingress.get('ipMode').value !== 'Proxy')
        addresses.push(readAddress(ingress.get('ip')))
    }
  }
  return [...new Set(addresses.filter((address) => address !== undefined))]
}

function readFamilies(spec: Field): Family[] {
  const families = spec
    .get('ipFamilies')
    .items()
    .map((field) => field.oneOf('IPv4', 'IPv6'))
  return families.flatMap((family) => (family === undefined ? [] : [family === 'IPv4' ? 4 : 6]))
}

function readAffinity(spec: Field): number | undefined {
  const wanted = spec.get('sessionAffinity').oneOf('None', 'ClientIP') === 'ClientIP'
  const seconds = spec
    .get('sessionAffinityConfig')
    .get('clientIP')
    .get('timeoutSeconds')
    .integer(1, MAX_AFFINITY_SECONDS)
  return wanted ? (seconds ?? DEFAULT_AFFINITY_SECONDS) : undefined
}

function readDistribution(field: Field): ServiceResource['trafficDistribution'] {
  const text = field.text()
  if (text === undefined || text === '') return undefined
  if (text === 'PreferClose' || text === 'PreferSameZone') return 'PreferSameZone'
  if (text === 'PreferSameNode') return text
  // Kubernetes leaves the set of values open: an unknown one is a wish, not an error.
  field.warn(`"${clip(text)}" is not known: endpoints everywhere are used alike`)
  return undefined
}

function readPorts(list: Field, outside: boolean, targets: Map<string, number | string>): ServicePort[] {
  const fields = list.items()
  const names = new Set<string>()
  const numbers = new Set<string>()
  const ports: ServicePort[] = []
  for (const field of fields) {
    const port = readPort(field, outside)
    const name = field.get('name')
    if (fields.length > 1 && (name.value ?? '') === '') name.refuse('is missing: of several ports each has a name')
    if (port === undefined) continue
    if (names.has(port.name)) name.refuse(`"${clip(port.name)}" is the name of another port already`)
    const number = `${port.port}/${port.protocol}`
    if (numbers.has(number)) field.get('port').refuse(`${number} is another port already`)
    names.add(port.name)
    numbers.add(number)
    ports.push(port)
    targets.set(port.name, readTarget(field.get('targetPort')) ?? port.port)
  }
  return ports
}

function readPort(field: Field, outside: boolean): ServicePort | undefined {
  const protocol: Protocol | undefined = readTransport(field.get('protocol'))
  const port = field.get('port').required().port()
  const name = field.get('name').text() ?? ''
  const nodePort = field.get('nodePort').integer(0, 65535) ?? 0
  const appProtocol = field.get('appProtocol').text()
  if (protocol === undefined || port === undefined) return undefined
  return {
    name,
    port,
    protocol,
    appProtocol: protocol === 'UDP' ? 'udp' : appProtocolOf(appProtocol, name, port),
    ...(outside && nodePort > 0 && { nodePort }),
  }
}

/** Absent, 0 and "" all mean: the service's own port. */
function readTarget(field: Field): number | string | undefined {
  if (!field.present || field.value === 0 || field.value === '') return undefined
  return typeof field.value === 'string' ? field.text() : field.port()
}

/** An endpoint of this family is none of a service that is declared for the other only. */
export function takesFamily(service: ServiceResource, family: Family): boolean {
  if (service.families.length > 0) return service.families.includes(family)
  const own = service.clusterAddresses
  return own.length === 0 || own.some((address) => familyOf(address) === family)
}
