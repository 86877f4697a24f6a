/**
 * DestinationRules and VirtualServices in order of precedence.
 *
 * Istio looks for a DestinationRule in the client's namespace, then in the service's, then in the root namespace;
 * clients are not told apart here, so the first step is left out and a rule that only it would find is reported.
 * Within a namespace the closest host wins, then the oldest resource, then the first by name.
 */
import type { Problem } from '../../../model/problem.ts'
import type { DestinationPolicy, RoutePolicy, Subset } from '../../../model/traffic-policy.ts'
import type { DestinationRuleResource } from '../destination-rule.ts'
import type { Metadata } from '../metadata.ts'
import type { VirtualServiceResource } from '../virtual-service.ts'

export function compareAge(a: Metadata, b: Metadata): number {
  return a.created - b.created || compareText(a.namespace, b.namespace) || compareText(a.name, b.name)
}

export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** Exact hosts before wildcards, longer wildcards before shorter. */
function compareHosts(a: string, b: string): number {
  const [wildA, wildB] = [a.startsWith('*'), b.startsWith('*')]
  if (wildA !== wildB) return wildA ? 1 : -1
  return wildA ? b.length - a.length : 0
}

/** Several rules of one namespace for one host act as one: all subsets, and the first trafficPolicy there is. */
export function buildDestinations(
  rules: Iterable<DestinationRuleResource>,
  rootNamespace: string,
  namespacesOf: (host: string) => ReadonlySet<string>,
  problems: Problem[],
): DestinationPolicy[] {
  const groups = new Map<string, DestinationRuleResource[]>()
  for (const rule of [...rules].sort(compareAge)) {
    const namespaces = namespacesOf(rule.host)
    if (rule.namespace !== rootNamespace && namespaces.size > 0 && !namespaces.has(rule.namespace)) {
      problems.push(foreign(rule, namespaces))
      continue
    }
    const key = `${rule.namespace}/${rule.host}`
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [rule])
    else group.push(rule)
  }
  const policies = [...groups.values()].map((group) => mergeRules(group, rootNamespace, problems))
  // A stable sort: within equals the oldest stays first.
  return policies.sort((a, b) => Number(a.exported) - Number(b.exported) || compareHosts(a.host, b.host))
}

function foreign({ resource, place, namespace }: Metadata, namespaces: ReadonlySet<string>): Problem {
  const message = `is a service of namespace ${[...namespaces].join(', ')}: this rule is for clients of namespace ${namespace}, which are not told apart, and not used`
  return { severity: 'error', resource, field: 'spec.host', message, place }
}

function mergeRules(
  rules: readonly DestinationRuleResource[],
  rootNamespace: string,
  problems: Problem[],
): DestinationPolicy {
  const subsets = new Map<string, Subset>()
  const given = new Map<string, string>()
  for (const rule of rules) {
    for (const subset of rule.subsets.values()) {
      const other = given.get(subset.name)
      if (other === undefined) {
        given.set(subset.name, rule.resource)
        subsets.set(subset.name, subset)
      } else {
        problems.push(overruled(rule, 'spec.subsets', `subset ${subset.name} is defined by ${other} already`))
      }
    }
  }
  const [deciding, ...overruledRules] = rules.filter((rule) => rule.policy !== undefined)
  for (const rule of overruledRules) {
    problems.push(
      overruled(rule, 'spec.trafficPolicy', `is not used: ${deciding?.resource} is older and for the same host`),
    )
  }
  const [first] = rules as [DestinationRuleResource]
  const { resource, place, namespace, host, exported } = first
  return {
    resource,
    place,
    namespace,
    host,
    exported: namespace === rootNamespace && exported,
    ...(deciding?.policy ?? { portBalance: new Map() }),
    subsets,
  }
}

/** One policy for each host, so that of each the closest to a service's name comes first. */
export function buildRoutes(services: Iterable<VirtualServiceResource>, problems: Problem[]): RoutePolicy[] {
  const policies: RoutePolicy[] = []
  const owners = new Map<string, VirtualServiceResource>()
  for (const service of [...services].sort(compareAge)) {
    const { resource, place, namespace, hosts, exported, rules } = service
    if (rules.length === 0) continue
    for (const host of hosts) {
      const owner = owners.get(host)
      if (owner === undefined || !owner.exported) owners.set(host, service)
      else
        problems.push(
          overruled(service, 'spec.hosts', `${host} is routed by ${owner.resource} already, which is older`),
        )
      policies.push({ resource, place, namespace, hosts: [host], exported, rules })
    }
  }
  return policies.sort((a, b) => compareHosts(a.hosts[0] ?? '', b.hosts[0] ?? ''))
}

function overruled({ resource, place }: Metadata, field: string, message: string): Problem {
  return { severity: 'warning', resource, field, message, place }
}
