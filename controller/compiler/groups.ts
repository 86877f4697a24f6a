/**
 * Addresses of one service port that lead to the same place share one kernel service; mostly that is all of them.
 *
 * A change of the rules must reach each address by one write. So a kernel service is named by what never changes
 * under it: by the port alone, by "outside" for external and node addresses where those differ from the others, or
 * by the address itself where even those of one kind differ.
 */
import { hostText } from '../abi/address.ts'
import type { Front } from './frontends.ts'

export interface Group<Outcome> {
  /** part of the kernel service's name; empty in the common case */
  readonly variant: string
  readonly outcome: Outcome
  readonly fronts: readonly Front[]
}

export function groupFronts<Outcome>(fronts: readonly Front[], outcomeOf: (front: Front) => Outcome): Group<Outcome>[] {
  const outcomes = fronts.map(outcomeOf)
  const differ = (outside?: boolean) => {
    const some = outcomes.filter((_, i) => outside === undefined || fronts[i]?.outside === outside)
    return some.some((outcome) => outcome !== some[0])
  }
  const [all, inside, outside] = [differ(), differ(false), differ(true)]
  const variantOf = (front: Front) => {
    if (!all) return ''
    if (front.outside ? outside : inside) return `${hostText(front.ip)}:${front.port}`
    return front.outside ? 'outside' : ''
  }

  const groups = new Map<string, { variant: string; outcome: Outcome; fronts: Front[] }>()
  for (const [i, front] of fronts.entries()) {
    const variant = variantOf(front)
    const group = groups.get(variant)
    if (group !== undefined) group.fronts.push(front)
    else groups.set(variant, { variant, outcome: outcomes[i] as Outcome, fronts: [front] })
  }
  return [...groups.values()]
}
