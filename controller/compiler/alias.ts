/**
 * Alias tables (Walker, Vose): shares of any size become columns of equal height, so that the kernel draws by one
 * random column and one comparison. All arithmetic is in integers; only the threshold is rounded, by less than 2^-32.
 */

/** A column stays with itself for threshold / 2^32 of the draws that fall into it, else it goes to `alias`. */
export interface AliasTable {
  readonly threshold: Uint32Array
  readonly alias: Uint32Array
}

/** The kernel's sign for a column that never goes elsewhere. */
export const ALWAYS_STAYS = 0xffffffff

/** @param shares relative, not negative, not all zero */
export function aliasTable(shares: readonly bigint[]): AliasTable {
  const threshold = new Uint32Array(shares.length).fill(ALWAYS_STAYS)
  const alias = Uint32Array.from(shares, (_, i) => i)
  if (shares.every((share) => share === shares[0])) return { threshold, alias }

  // In units in which every column is `height` high; what is above gives to what is below.
  const height = shares.reduce((sum, share) => sum + share, 0n)
  const count = BigInt(shares.length)
  const filled = shares.map((share) => share * count)
  const low: number[] = []
  const high: number[] = []
  for (const [i, fill] of filled.entries()) (fill < height ? low : high).push(i)

  let giver = high.pop()
  for (let taker = low.pop(); taker !== undefined && giver !== undefined; taker = low.pop()) {
    const fill = filled[taker] ?? 0n
    threshold[taker] = Number((fill << 32n) / height)
    alias[taker] = giver
    const left = (filled[giver] ?? 0n) - (height - fill)
    filled[giver] = left
    if (left < height) {
      low.push(giver)
      giver = high.pop()
    }
  }
  return { threshold, alias }
}

/** What each slot gets of all draws, from the table alone: for dumps and tests. */
export function aliasShares({ threshold, alias }: AliasTable): number[] {
  const shares = Array.from(threshold, () => 0)
  for (const [column, mark] of threshold.entries()) {
    const stays = mark === ALWAYS_STAYS ? 1 : mark / 2 ** 32
    const other = alias[column] ?? column
    shares[column] = (shares[column] ?? 0) + stays / threshold.length
    if (stays < 1) shares[other] = (shares[other] ?? 0) + (1 - stays) / threshold.length
  }
  return shares
}
