/**
 * Which names belong to the mesh, and what they mean. Pure: a mesh goes in, answers come out.
 *
 * Kubernetes names (DNS-Based Service Discovery, v1.1): `service.namespace.svc.DOMAIN` and every shorter form that a
 * pod's search list would complete; hosts of ServiceEntries as they stand, also `*.suffix`.
 */
import type { Mesh } from '../model/mesh.ts'
import type { Endpoint, Protocol, Service, ServicePort } from '../model/service.ts'

export type NameLookup =
  | { readonly is: 'addresses'; readonly addresses: readonly string[] }
  | { readonly is: 'alias'; readonly target: string }
  | { readonly is: 'ports'; readonly ports: readonly { readonly port: number; readonly target: string }[] }
  /** a name of the mesh that does not exist: answered with NXDOMAIN */
  | { readonly is: 'missing' }
  /** no name of ours */
  | { readonly is: 'foreign' }

export interface NameSpace {
  readonly mesh: Mesh
  readonly clusterDomain: string
}

/**
 * @param name as asked, with or without the final dot, in any case (RFC 4343)
 * @param namespace of the member that asks; completes names of one label
 */
export function lookupName(space: NameSpace, name: string, namespace: string): NameLookup {
  const asked = name.toLowerCase().replace(/\.$/, '')
  if (asked === '') return { is: 'foreign' }
  const cluster = clusterLabels(asked, space.clusterDomain, namespace)
  if (cluster !== undefined) {
    const found = lookupCluster(space, cluster.labels)
    if (found !== undefined && (cluster.qualified || found.is !== 'missing')) return found
    // Under the cluster's own domain nobody else can answer better; a shorter form may be a name of the outside.
    if (cluster.qualified && !isHost(space.mesh, asked)) return { is: 'missing' }
  }
  const entry = hostsOf(space.mesh).get(asked) ?? wildcardOf(space.mesh, asked)
  return entry === undefined ? { is: 'foreign' } : describe(entry)
}

/** `reviews.default.svc.DOMAIN` -> ['reviews', 'default']; undefined: cannot be a name of the cluster */
function clusterLabels(
  asked: string,
  domain: string,
  namespace: string,
): { labels: string[]; qualified: boolean } | undefined {
  const full = `.svc.${domain}`
  if (asked.endsWith(full)) return { labels: asked.slice(0, -full.length).split('.'), qualified: true }
  if (asked.endsWith('.svc')) return { labels: asked.slice(0, -4).split('.'), qualified: false }
  const labels = asked.split('.')
  if (labels.length === 1) return { labels: [...labels, namespace], qualified: false }
  return { labels, qualified: false }
}

function lookupCluster({ mesh, clusterDomain }: NameSpace, labels: readonly string[]): NameLookup | undefined {
  const namespace = labels.at(-1)
  const name = labels.at(-2)
  if (namespace === undefined || name === undefined) return undefined
  const service = mesh.services.get(`${namespace}/${name}.${namespace}.svc.${clusterDomain}`)
  if (service === undefined) return undefined
  const [first, second] = [labels[0], labels[1]]
  if (labels.length === 2) return describe(service)
  if (labels.length === 3 && first !== undefined) {
    // A pod of a headless service, by its host name.
    const own = answering(service).filter((endpoint) => endpoint.hostname === first)
    return own.length === 0
      ? { is: 'missing' }
      : { is: 'addresses', addresses: own.map((endpoint) => endpoint.address) }
  }
  if (labels.length === 4 && first?.startsWith('_') && second?.startsWith('_')) {
    return describePorts(service, first.slice(1), second.slice(1).toUpperCase() as Protocol)
  }
  return { is: 'missing' }
}

function describe(service: Service): NameLookup {
  if (service.externalName !== undefined) return { is: 'alias', target: service.externalName }
  if (service.headless)
    return { is: 'addresses', addresses: unique(answering(service).map((endpoint) => endpoint.address)) }
  return {
    is: 'addresses',
    addresses: unique(service.addresses.flatMap((a) => (a.scope === 'cluster' ? [a.address] : []))),
  }
}

/** SRV of a named port: the service itself, or each pod of a headless one that has a host name. */
function describePorts(service: Service, portName: string, protocol: Protocol): NameLookup {
  const port = service.ports.find((p) => p.name === portName && p.protocol === protocol)
  if (port === undefined) return { is: 'missing' }
  if (!service.headless) return { is: 'ports', ports: [{ port: port.port, target: service.hostname }] }
  return { is: 'ports', ports: answering(service).flatMap((endpoint) => namedTarget(service, endpoint, port)) }
}

function namedTarget(service: Service, endpoint: Endpoint, { name }: ServicePort): { port: number; target: string }[] {
  const port = endpoint.ports.get(name)
  if (port === undefined || endpoint.hostname === undefined) return []
  return [{ port, target: `${endpoint.hostname}.${service.hostname}` }]
}

/** Endpoints that a headless service shows. */
function answering(service: Service): readonly Endpoint[] {
  return service.endpoints.filter((endpoint) => endpoint.ready || service.publishNotReadyAddresses)
}

const unique = (addresses: readonly string[]): string[] => [...new Set(addresses)]

/** Hosts of one mesh, built when first asked for: most queries are for cluster names, and meshes change often. */
const hostTables = new WeakMap<Mesh, ReadonlyMap<string, Service>>()

function hostsOf(mesh: Mesh): ReadonlyMap<string, Service> {
  let table = hostTables.get(mesh)
  if (table === undefined) {
    const built = new Map<string, Service>()
    for (const service of mesh.services.values()) {
      if (!built.has(service.hostname)) built.set(service.hostname, service)
    }
    hostTables.set(mesh, built)
    table = built
  }
  return table
}

function isHost(mesh: Mesh, name: string): boolean {
  return hostsOf(mesh).has(name)
}

/** The longest `*.suffix` that covers the name. */
function wildcardOf(mesh: Mesh, name: string): Service | undefined {
  const hosts = hostsOf(mesh)
  for (let dot = name.indexOf('.'); dot !== -1; dot = name.indexOf('.', dot + 1)) {
    const service = hosts.get(`*${name.slice(dot)}`)
    if (service !== undefined) return service
  }
  return undefined
}
