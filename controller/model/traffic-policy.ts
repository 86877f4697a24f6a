/** How clients spread over a service: DestinationRule and VirtualService, as far as connections go. */
import type { Place } from './problem.ts'

export type Balance = 'random' | 'round-robin'

/** DestinationRule. Covers services whose hostname equals `host` (exact, or `*.suffix`). */
export interface DestinationPolicy {
  /** `DestinationRule default/reviews` */
  readonly resource: string
  readonly place?: Place
  readonly namespace: string
  /** fully qualified, `*.suffix` or `*` */
  readonly host: string
  /** covers services of every namespace; otherwise only those of its own */
  readonly exported: boolean
  readonly balance?: Balance
  readonly portBalance: ReadonlyMap<number, Balance>
  readonly subsets: ReadonlyMap<string, Subset>
}

export interface Subset {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly balance?: Balance
  readonly portBalance: ReadonlyMap<number, Balance>
}

/** VirtualService. The first rule that matches an address and port of a service decides where its connections go. */
export interface RoutePolicy {
  /** `VirtualService default/reviews` */
  readonly resource: string
  readonly place?: Place
  readonly namespace: string
  /** fully qualified, `*.suffix` or `*` */
  readonly hosts: readonly string[]
  /** covers services of every namespace; otherwise only those of its own */
  readonly exported: boolean
  readonly rules: readonly RouteRule[]
}

export interface RouteRule {
  /** path of the rule in its resource: `spec.tcp[0]` */
  readonly field: string
  /** which ports it is for: `tcp` rules apply to every port that no `http` or `tls` rule claims */
  readonly protocol: 'tcp' | 'http'
  /** ORed; empty: matches all */
  readonly matches: readonly RouteMatch[]
  readonly destinations: readonly WeightedDestination[]
}

/** ANDed. */
export interface RouteMatch {
  readonly port?: number
  /** CIDRs of the asked-for address; empty: any */
  readonly destinationSubnets: readonly string[]
}

export interface WeightedDestination {
  /** fully qualified */
  readonly host: string
  readonly subset?: string
  /** absent: the only port of that host, or the one that was asked for */
  readonly port?: number
  /** relative; need not sum to 100 */
  readonly weight: number
  /** `spec.tcp[0].route[1]` */
  readonly field: string
}
