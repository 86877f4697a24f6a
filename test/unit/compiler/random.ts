/** Random numbers that can be repeated: the seed is printed, KMESH_SEED sets it. */
export interface Commenting {
  comment(text: string): void
}

/** @returns a function that draws an integer from 0 to `range` - 1 */
export function randomBelow(t: Commenting, about: string): (range: number) => number {
  const seed = Number(process.env['KMESH_SEED'] ?? Math.floor(Math.random() * 2 ** 31))
  t.comment(`${about}: KMESH_SEED=${seed}`)
  return seeded(seed)
}

/** Xorshift (Marsaglia): enough for tests. */
export function seeded(seed: number): (range: number) => number {
  let state = (seed ^ 0x5bd1e995) | 0 || 1
  return (range) => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return Math.floor(((state >>> 0) / 2 ** 32) * range)
  }
}
