/** What each service's fragment depends on, gathered from the mesh; and whether that is still what it was. */
import type { Mesh, NodeView } from '../model/mesh.ts'
import type { Service } from '../model/service.ts'
import type { RoutePolicy } from '../model/traffic-policy.ts'
import type { Fragment } from './fragment.ts'
import type { PolicyIndex } from './policies.ts'
import type { Host } from './routes.ts'
import type { ServiceInputs } from './service.ts'

export interface Surroundings {
  readonly mesh: Mesh
  readonly view: NodeView
  readonly policies: PolicyIndex
  /** services of that name, in the mesh's order */
  readonly named: (hostname: string) => readonly Service[]
}

export function surroundingsOf(mesh: Mesh, view: NodeView, policies: PolicyIndex): Surroundings {
  let byName: Map<string, Service[]> | undefined
  return {
    mesh,
    view,
    policies,
    named: (hostname) => {
      byName ??= groupByName(mesh)
      return byName.get(hostname) ?? []
    },
  }
}

export function gatherInputs(service: Service, around: Surroundings): ServiceInputs {
  const route = around.policies.routeFor(service)
  return {
    service,
    destination: around.policies.destinationFor(service),
    route,
    hosts: route === undefined ? NO_HOSTS : hostsFor(route, around),
    nodes: around.mesh.nodes,
    view: around.view,
  }
}

/** Whether more than its service and the policies counted. */
export function dependsOnOthers({ service, hosts }: ServiceInputs, { nodeDependent }: Fragment): boolean {
  return nodeDependent || hosts.size > 0 || hasNodeAddress(service)
}

function hasNodeAddress({ addresses }: Service): boolean {
  return addresses.some(({ scope }) => scope === 'node')
}

/** @param samePolicies the mesh has the policies that it had then */
export function stillValid(
  inputs: ServiceInputs,
  { nodeDependent }: Fragment,
  service: Service,
  around: Surroundings,
  samePolicies: boolean,
): boolean {
  if (inputs.service !== service) return false
  if (nodeDependent && !sameView(inputs.view, around.view)) return false
  if (inputs.nodes !== around.mesh.nodes && hasNodeAddress(service)) return false
  if (!samePolicies) {
    if (inputs.destination !== around.policies.destinationFor(service)) return false
    if (inputs.route !== around.policies.routeFor(service)) return false
  }
  for (const [name, host] of inputs.hosts) {
    const now = resolveHost(name, inputs.route, around)
    if (host.service !== now.service || host.policy !== now.policy) return false
  }
  return true
}

export function sameView(a: NodeView, b: NodeView): boolean {
  return a === b || (a.name === b.name && a.locality.zone === b.locality.zone)
}

const NO_HOSTS: ReadonlyMap<string, Host> = new Map()

function hostsFor(route: RoutePolicy, around: Surroundings): ReadonlyMap<string, Host> {
  const names = route.rules.flatMap(({ destinations }) => destinations.map(({ host }) => host))
  return new Map(names.map((name) => [name, resolveHost(name, route, around)]))
}

/** Two namespaces may describe one external host: the policy means that of its own. */
function resolveHost(name: string, route: RoutePolicy | undefined, { named, policies }: Surroundings): Host {
  const services = named(name)
  const service = services.find(({ namespace }) => namespace === route?.namespace) ?? services[0]
  return { service, policy: service && policies.destinationFor(service) }
}

function groupByName(mesh: Mesh): Map<string, Service[]> {
  const byName = new Map<string, Service[]>()
  for (const service of mesh.services.values()) {
    const list = byName.get(service.hostname)
    if (list === undefined) byName.set(service.hostname, [service])
    else list.push(service)
  }
  return byName
}
