/**
 * Weighted destinations over weighted endpoints as shares of one whole, exactly: a destination's weight divided over
 * its endpoints by theirs, brought to one denominator. Integers all the way.
 */
import type { Candidate } from './endpoints.ts'

export interface Portion {
  readonly weight: number
  /** none: this portion is refused */
  readonly candidates: readonly Candidate[]
}

export interface Shares {
  /** in the order of their ids, each once */
  readonly candidates: readonly Candidate[]
  /** of each candidate */
  readonly shares: readonly bigint[]
  readonly refused: bigint
}

export function combineShares(portions: readonly Portion[]): Shares {
  const [only] = portions
  if (portions.length === 1 && only !== undefined && only.candidates.length > 0) {
    return {
      candidates: only.candidates,
      shares: only.candidates.map(({ endpoint }) => BigInt(endpoint.weight)),
      refused: 0n,
    }
  }
  const sums = portions.map(({ candidates }) =>
    candidates.reduce((sum, { endpoint }) => sum + BigInt(endpoint.weight), 0n),
  )
  const denominator = sums.reduce((all, sum) => (sum === 0n ? all : leastCommonMultiple(all, sum)), 1n)
  const byId = new Map<bigint, { readonly candidate: Candidate; share: bigint }>()
  let refused = 0n
  for (const [i, { weight, candidates }] of portions.entries()) {
    const sum = sums[i] ?? 0n
    if (sum === 0n) {
      refused += BigInt(weight) * denominator
      continue
    }
    const unit = BigInt(weight) * (denominator / sum)
    for (const candidate of candidates) {
      const share = unit * BigInt(candidate.endpoint.weight)
      const known = byId.get(candidate.id)
      // One endpoint may serve two destinations: a subset and the whole service.
      if (known === undefined) byId.set(candidate.id, { candidate, share })
      else known.share += share
    }
  }
  const sorted = [...byId.values()].sort((a, b) => (a.candidate.id < b.candidate.id ? -1 : 1))
  return { candidates: sorted.map(({ candidate }) => candidate), shares: sorted.map(({ share }) => share), refused }
}

function leastCommonMultiple(a: bigint, b: bigint): bigint {
  let [x, y] = [a, b]
  while (y !== 0n) [x, y] = [y, x % y]
  return (a / x) * b
}
