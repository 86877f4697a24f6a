/** Where connections to one address and port of a service go: the service itself, or what a VirtualService says. */
import type { Service, ServicePort } from '../model/service.ts'
import type {
  DestinationPolicy,
  RouteMatch,
  RoutePolicy,
  RouteRule,
  Subset,
  WeightedDestination,
} from '../model/traffic-policy.ts'
import { contains, parseCidr } from './cidr.ts'
import { placeOf, type Report } from './report.ts'

/** A share of the connections. Without a target it is refused. */
export interface Branch {
  readonly weight: number
  readonly target?: Target
}

export interface Target {
  readonly service: Service
  readonly port: ServicePort
  readonly subset?: Subset
  readonly policy: DestinationPolicy | undefined
}

/** What a destination names, as it stands now. */
export interface Host {
  readonly service: Service | undefined
  readonly policy: DestinationPolicy | undefined
}

/** Protocols whose ports take `http` rules. */
const HTTP = new Set(['http', 'http2', 'h2c', 'grpc', 'grpc-web', 'kubernetes.io/h2c', 'kubernetes.io/ws'])

/** @returns the first rule for it; undefined: the service's own endpoints */
export function ruleFor(
  policy: RoutePolicy,
  port: ServicePort,
  address: Uint8Array,
  report: Report,
): RouteRule | undefined {
  for (const kind of kindsOf(port)) {
    const rule = policy.rules.find((r) => r.protocol === kind && matches(policy, r, port.port, address, report))
    if (rule !== undefined) return rule
  }
  return undefined
}

/** A port whose protocol nobody named may be HTTP: rules for that claim it before those for plain TCP. */
function kindsOf({ protocol, appProtocol }: ServicePort): readonly RouteRule['protocol'][] {
  if (protocol !== 'TCP') return []
  if (HTTP.has(appProtocol)) return ['http']
  return appProtocol === '' ? ['http', 'tcp'] : ['tcp']
}

function matches(policy: RoutePolicy, rule: RouteRule, port: number, address: Uint8Array, report: Report): boolean {
  if (rule.matches.length === 0) return true
  return rule.matches.some((match, i) => {
    if (match.port !== undefined && match.port !== port) return false
    return inSubnets(match, address, (j, text) =>
      report({
        ...placeOf(policy),
        severity: 'error',
        field: `${rule.field}.match[${i}].destinationSubnets[${j}]`,
        message: `"${text}" is not an address block: nothing matches it`,
      }),
    )
  })
}

function inSubnets(
  { destinationSubnets }: RouteMatch,
  address: Uint8Array,
  bad: (index: number, text: string) => void,
): boolean {
  if (destinationSubnets.length === 0) return true
  const inside = destinationSubnets.map((text, j) => {
    const block = parseCidr(text)
    if (block === undefined) bad(j, text)
    return block !== undefined && contains(block, address)
  })
  return inside.includes(true)
}

/** @param asked the port that the client wants */
export function branchesOf(
  policy: RoutePolicy,
  rule: RouteRule,
  asked: ServicePort,
  resolve: (host: string) => Host,
  report: Report,
): readonly Branch[] {
  const { destinations } = rule
  const total = destinations.reduce((sum, { weight }) => sum + weight, 0)
  // A single destination needs no weight.
  if (total === 0 && destinations.length > 1) {
    report({
      ...placeOf(policy),
      severity: 'error',
      field: rule.field,
      message: 'all weights are 0: connections are refused',
    })
  }
  return destinations
    .map((destination) => ({ ...destination, weight: destinations.length === 1 ? 1 : destination.weight }))
    .filter(({ weight }) => weight > 0)
    .map((destination) => {
      const found = targetOf(destination, asked, resolve(destination.host))
      if (!('message' in found)) return { weight: destination.weight, target: found }
      const field = `${destination.field}.destination.${found.field}`
      const message = `${found.message}: this share of the connections is refused`
      report({ ...placeOf(policy), severity: 'error', field, message })
      return { weight: destination.weight }
    })
}

function targetOf(
  { host, subset: subsetName, port: wanted }: WeightedDestination,
  asked: ServicePort,
  { service, policy }: Host,
): Target | { readonly field: string; readonly message: string } {
  if (service === undefined) return { field: 'host', message: `there is no service "${host}"` }
  const port = portOf(service, asked, wanted)
  if (port === undefined) {
    const number = wanted ?? asked.port
    return { field: 'port.number', message: `${service.resource} has no ${asked.protocol} port ${number}` }
  }
  if (subsetName === undefined) return { service, port, policy }
  const subset = policy?.subsets.get(subsetName)
  if (subset !== undefined) return { service, port, policy, subset }
  const where = policy?.resource ?? `no DestinationRule covers ${host}, so it`
  return { field: 'subset', message: `${where} has no subset "${subsetName}"` }
}

/** The only port of a service need not be named, whatever its number. */
function portOf({ ports }: Service, asked: ServicePort, wanted: number | undefined): ServicePort | undefined {
  const fitting = ports.filter(({ protocol }) => protocol === asked.protocol)
  if (wanted === undefined && fitting.length === 1) return fitting[0]
  return fitting.find(({ port }) => port === (wanted ?? asked.port))
}
