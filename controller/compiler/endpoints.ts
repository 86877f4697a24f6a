/**
 * Which endpoints of a service take connections now: kube-proxy's rules for readiness, traffic policies and hints.
 *
 * Clients are always inside the cluster, so external and node-port addresses lead to all ready endpoints, also under
 * `externalTrafficPolicy: Local`: kube-proxy does the same for pods (the policy is about traffic from outside).
 */
import { addressBytes, isIpv4 } from '../abi/address.ts'
import type { NodeView } from '../model/mesh.ts'
import type { Endpoint, Service, ServicePort } from '../model/service.ts'
import { nameId } from './ids.ts'

/** An endpoint as one port of a service sees it. */
export interface Candidate {
  readonly endpoint: Endpoint
  /** of address and port */
  readonly id: bigint
  readonly ip: Uint8Array
  readonly port: number
  /** 0: not known */
  readonly workload: bigint
}

export interface Families<T> {
  readonly v4: T
  readonly v6: T
}

export interface Selection extends Families<readonly Candidate[]> {
  readonly nodeDependent: boolean
}

export interface Wish {
  readonly service: Service
  readonly port: ServicePort
  /** of a subset: only endpoints that have all of them */
  readonly labels: Readonly<Record<string, string>>
  /** asked for by an external or node address: the internal traffic policy does not apply */
  readonly outside: boolean
  /** told about each endpoint that nothing can be sent to, and why */
  readonly reject: (endpoint: Endpoint, reason: string) => void
}

/** @returns in the order of their ids, each address and port once; none where connections must be refused */
export function selectEndpoints(wish: Wish, view: NodeView): Selection {
  const local = wish.service.internalTrafficPolicy === 'Local' && !wish.outside
  const candidates = candidatesOf(wish)
  const pick = (family: readonly Candidate[]) => reachable(family, wish.service, local, view)
  return {
    v4: pick(candidates.filter(({ ip }) => isIpv4(ip))),
    v6: pick(candidates.filter(({ ip }) => !isIpv4(ip))),
    nodeDependent:
      local ||
      wish.service.trafficDistribution !== undefined ||
      candidates.some(({ endpoint }) => endpoint.hintZones.length > 0 || endpoint.hintNodes.length > 0),
  }
}

/** Those that serve the port and have weight. */
function candidatesOf({ service, port, labels, reject }: Wish): Candidate[] {
  const candidates: Candidate[] = []
  const wanted = Object.entries(labels)
  for (const endpoint of service.endpoints) {
    const target = endpoint.ports.get(port.name)
    if (target === undefined || endpoint.weight === 0) continue
    if (!wanted.every(([name, value]) => endpoint.labels[name] === value)) continue
    const ip = addressBytes(endpoint.address)
    if (ip === undefined) reject(endpoint, 'it is not an IP address')
    else if (!isPort(target)) reject(endpoint, `port ${target} is not within 1 to 65535`)
    else if (!Number.isSafeInteger(endpoint.weight) || endpoint.weight < 0) {
      reject(endpoint, `weight ${endpoint.weight} is not a whole number`)
    } else {
      const id = nameId('endpoint', endpoint.address, String(target))
      const workload = endpoint.workload === undefined ? 0n : nameId('workload', endpoint.workload)
      candidates.push({ endpoint, id, ip, port: target, workload })
    }
  }
  return unique(candidates.sort(byId))
}

export function isPort(port: number): boolean {
  return Number.isInteger(port) && port > 0 && port < 65536
}

/** An endpoint on its way from one slice to another stands in both for a while: the more alive one counts. */
function unique(sorted: readonly Candidate[]): Candidate[] {
  return sorted.filter((candidate, i) => {
    const before = sorted[i - 1]
    return before?.endpoint.address !== candidate.endpoint.address || before.port !== candidate.port
  })
}

function byId(a: Candidate, b: Candidate): number {
  if (a.id !== b.id) return a.id < b.id ? -1 : 1
  return liveliness(b.endpoint) - liveliness(a.endpoint) || compareText(a.endpoint.workload, b.endpoint.workload)
}

function liveliness({ ready, serving, terminating }: Endpoint): number {
  return (ready ? 4 : 0) + (serving ? 2 : 0) + (terminating ? 0 : 1)
}

function compareText(a = '', b = ''): number {
  return a === b ? 0 : a < b ? -1 : 1
}

function reachable(
  candidates: readonly Candidate[],
  service: Service,
  local: boolean,
  view: NodeView,
): readonly Candidate[] {
  const inReach = local ? candidates.filter(({ endpoint }) => isOn(endpoint, view)) : candidates
  const ready = inReach.filter(({ endpoint }) => service.publishNotReadyAddresses || endpoint.ready)
  if (ready.length > 0) return local ? ready : nearest(ready, service, view)
  // Going down, but still answering: better than nothing, wherever it is.
  return inReach.filter(({ endpoint }) => endpoint.serving && endpoint.terminating)
}

/**
 * Hints count only where every ready endpoint has one and one of them means us: a half-written slice must not send
 * everything to a single endpoint. Without any hint, `trafficDistribution` goes by where the endpoints are.
 */
function nearest(ready: readonly Candidate[], { trafficDistribution }: Service, view: NodeView): readonly Candidate[] {
  const { zone } = view.locality
  const hinted = ready.some(({ endpoint }) => endpoint.hintNodes.length > 0 || endpoint.hintZones.length > 0)
  if (hinted) {
    return chosen(ready, (e) => e.hintNodes, view.name) ?? chosen(ready, (e) => e.hintZones, zone) ?? ready
  }
  if (trafficDistribution === undefined) return ready
  const near = trafficDistribution === 'PreferSameNode' ? ready.filter(({ endpoint }) => isOn(endpoint, view)) : []
  if (near.length > 0) return near
  const inZone = ready.filter(({ endpoint }) => zone !== '' && endpoint.locality.zone === zone)
  return inZone.length > 0 ? inZone : ready
}

function chosen(
  ready: readonly Candidate[],
  hints: (endpoint: Endpoint) => readonly string[],
  here: string,
): readonly Candidate[] | undefined {
  if (here === '' || !ready.every(({ endpoint }) => hints(endpoint).length > 0)) return undefined
  const ours = ready.filter(({ endpoint }) => hints(endpoint).includes(here))
  return ours.length > 0 ? ours : undefined
}

function isOn(endpoint: Endpoint, view: NodeView): boolean {
  return view.name !== '' && endpoint.node === view.name
}
