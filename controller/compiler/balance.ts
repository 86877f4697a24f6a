/** How connections spread over the endpoints of a service or subset (DestinationRule). */
import type { Balance, DestinationPolicy, Subset } from '../model/traffic-policy.ts'

export const DEFAULT_BALANCE: Balance = 'random'

/** The narrower setting wins: port of the subset, subset, port, service. */
export function balanceOf(policy: DestinationPolicy | undefined, port: number, subset?: Subset): Balance {
  return (
    subset?.portBalance.get(port) ??
    subset?.balance ??
    policy?.portBalance.get(port) ??
    policy?.balance ??
    DEFAULT_BALANCE
  )
}
