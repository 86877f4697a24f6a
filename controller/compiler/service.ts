/** One service to its fragment: frontends, kernel services, sets of endpoints. */
import {
  Balance,
  type Frontend,
  type FrontendKey,
  maps,
  type Service as ServiceEntry,
  ServiceFlags,
} from '../abi/layouts.generated.ts'
import { pack } from '../abi/packed.ts'
import { PROTOCOL_NUMBERS } from '../abi/protocol.ts'
import type { MeshNode, NodeView } from '../model/mesh.ts'
import type { Service, ServicePort } from '../model/service.ts'
import type { DestinationPolicy, RoutePolicy, RouteRule } from '../model/traffic-policy.ts'
import { balanceOf, DEFAULT_BALANCE } from './balance.ts'
import { type Fragment, makeFragment, type ServiceName, type SlotSet } from './fragment.ts'
import { frontsOf } from './frontends.ts'
import { type Group, groupFronts } from './groups.ts'
import { nameId } from './ids.ts'
import { collectProblems, placeOf, type Report } from './report.ts'
import { type Branch, branchesOf, type Host, ruleFor } from './routes.ts'
import { type BuiltSets, setsOf } from './sets.ts'

/** All that the fragment of one service depends on. */
export interface ServiceInputs {
  readonly service: Service
  readonly destination: DestinationPolicy | undefined
  readonly route: RoutePolicy | undefined
  /** each host that the route sends to, as it stands */
  readonly hosts: ReadonlyMap<string, Host>
  readonly nodes: ReadonlyMap<string, MeshNode>
  readonly view: NodeView
}

/** A rule, or the service itself as seen from inside or from outside (external and node addresses). */
type Outcome = RouteRule | 'inside' | 'outside'

/** @param key of the service in the mesh: `namespace/hostname` */
export function compileService(key: string, inputs: ServiceInputs): Fragment {
  const { service, route } = inputs
  const { report, collected } = collectProblems()
  const frontends: [FrontendKey, Frontend][] = []
  const services: [bigint, ServiceEntry][] = []
  const names: ServiceName[] = []
  const sets = new Map<bigint, SlotSet>()
  const members = service.affinitySeconds !== undefined
  let nodeDependent = false

  for (const [index, port] of service.ports.entries()) {
    if (service.ports.findIndex((p) => p.port === port.port && p.protocol === port.protocol) < index) {
      const message = `port ${port.port}/${port.protocol} is there twice: the first one has it`
      report({ ...placeOf(service), severity: 'error', field: `spec.ports[${index}]`, message })
      continue
    }
    const outcomeOf = (front: { readonly ip: Uint8Array; readonly outside: boolean }): Outcome =>
      (route && ruleFor(route, port, front.ip, report)) ??
      (service.internalTrafficPolicy === 'Local' && front.outside ? 'outside' : 'inside')

    for (const group of groupFronts(frontsOf(service, index, port, inputs.nodes, report), outcomeOf)) {
      const branches = branchesFor(inputs, port, group.outcome, report)
      const built = setsOf(branches, { members, outside: group.outcome === 'outside', view: inputs.view }, report)
      for (const set of [built.v4, built.v6]) if (set !== undefined) sets.set(set.id, set)
      nodeDependent ||= built.nodeDependent

      const id = nameId('service', key, String(port.port), port.protocol, group.variant)
      names.push(nameOf(id, service, port, group))
      services.push([id, entryOf(id, inputs, branches, built, group.outcome, report)])
      for (const { ip, port: number } of group.fronts) {
        const self = { vip: ip, port: number, protocol: PROTOCOL_NUMBERS[port.protocol] }
        frontends.push([self, { service: id, self, serviceAgain: id }])
      }
    }
  }

  const turns = services.filter(([, { balance }]) => balance === Balance.BALANCE_ROUND_ROBIN)
  return makeFragment({
    key: `service ${key}`,
    about: placeOf(service),
    frontends: pack(maps.frontends, frontends),
    services: pack(maps.services, services),
    sets: [...sets.values()],
    cursors: pack(
      maps.cursors,
      turns.map(([id]) => [id, { next: 0n }]),
    ),
    names,
    problems: collected(),
    nodeDependent,
  })
}

function branchesFor(inputs: ServiceInputs, port: ServicePort, outcome: Outcome, report: Report): readonly Branch[] {
  const { service, destination, route, hosts } = inputs
  if (typeof outcome === 'string' || route === undefined) {
    return [{ weight: 1, target: { service, port, policy: destination } }]
  }
  const nobody: Host = { service: undefined, policy: undefined }
  return branchesOf(route, outcome, port, (host) => hosts.get(host) ?? nobody, report)
}

function entryOf(
  id: bigint,
  { service, route }: ServiceInputs,
  branches: readonly Branch[],
  { v4, v6 }: BuiltSets,
  outcome: Outcome,
  report: Report,
): ServiceEntry {
  const targets = branches.flatMap(({ target }) => target ?? [])
  const balances = new Set(targets.map(({ policy, port, subset }) => balanceOf(policy, port.port, subset)))
  if (balances.size > 1 && typeof outcome !== 'string' && route !== undefined) {
    const message = 'its destinations are balanced differently: all of them are balanced at random'
    report({ ...placeOf(route), severity: 'warning', field: outcome.field, message })
  }
  const [balance = DEFAULT_BALANCE] = balances.size > 1 ? [] : balances
  const socketLane = service.socketLane && targets.every((target) => target.service.socketLane)
  return {
    id,
    v4: { id: v4?.id ?? 0n, count: v4?.slots.count ?? 0 },
    v6: { id: v6?.id ?? 0n, count: v6?.slots.count ?? 0 },
    balance: balance === 'round-robin' ? Balance.BALANCE_ROUND_ROBIN : Balance.BALANCE_RANDOM,
    affinitySeconds: service.affinitySeconds ?? 0,
    flags:
      (socketLane ? 0 : ServiceFlags.SERVICE_NO_SOCKET_LANE) |
      (service.affinitySeconds === undefined ? 0 : ServiceFlags.SERVICE_SET_MEMBERS),
    idAgain: id,
  }
}

function nameOf(id: bigint, service: Service, port: ServicePort, { variant }: Group<Outcome>): ServiceName {
  const { namespace, name, hostname } = service
  const label = `${namespace}/${name}:${port.name || port.port}${variant === '' ? '' : `@${variant}`}`
  return { id, label, namespace, name, hostname, port: port.port, portName: port.name, protocol: port.protocol }
}
