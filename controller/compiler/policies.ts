/**
 * Which traffic policy covers a service: the first in the mesh's order whose host matches. The tables serve the
 * clients of all namespaces, so one that is not exported covers the services of its own namespace only.
 */
import type { Mesh } from '../model/mesh.ts'
import type { Service } from '../model/service.ts'
import type { DestinationPolicy, RoutePolicy } from '../model/traffic-policy.ts'

export interface PolicyIndex {
  readonly destinationFor: (service: Service) => DestinationPolicy | undefined
  readonly routeFor: (service: Service) => RoutePolicy | undefined
}

export function indexPolicies({ destinations, routes }: Pick<Mesh, 'destinations' | 'routes'>): PolicyIndex {
  return {
    destinationFor: firstCovering(destinations, ({ host }) => [host]),
    routeFor: firstCovering(routes, ({ hosts }) => hosts),
  }
}

/** @param pattern an exact name, `*.suffix` or `*` */
export function matchesHost(pattern: string, hostname: string): boolean {
  return pattern.startsWith('*') ? hostname.endsWith(pattern.slice(1)) : pattern === hostname
}

interface Limited {
  readonly namespace: string
  readonly exported: boolean
}

function firstCovering<P extends Limited>(
  policies: readonly P[],
  hostsOf: (policy: P) => readonly string[],
): (service: Service) => P | undefined {
  const exact = new Map<string, number[]>()
  const patterns: { readonly host: string; readonly rank: number }[] = []
  for (const [rank, policy] of policies.entries()) {
    for (const host of hostsOf(policy)) {
      const ranks = exact.get(host)
      if (host.startsWith('*')) patterns.push({ host, rank })
      else if (ranks === undefined) exact.set(host, [rank])
      else ranks.push(rank)
    }
  }
  return (service) => {
    const covers = (rank: number) => {
      const policy = policies[rank]
      return policy !== undefined && (policy.exported || policy.namespace === service.namespace)
    }
    const named = exact.get(service.hostname)?.find(covers) ?? policies.length
    const wild = patterns.find(({ host, rank }) => matchesHost(host, service.hostname) && covers(rank))
    return policies[Math.min(named, wild?.rank ?? policies.length)]
  }
}
