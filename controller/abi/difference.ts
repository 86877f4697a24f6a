/** Which items of a list came and went since the last time. */
export interface Difference<T> {
  readonly removed: readonly T[]
  readonly added: readonly T[]
}

/** By reference. Mostly a few items in one place differ, so the common ends are skipped first. */
export function difference<T>(before: readonly T[], after: readonly T[]): Difference<T> {
  let head = 0
  while (head < before.length && head < after.length && before[head] === after[head]) head++
  let [a, b] = [before.length, after.length]
  while (a > head && b > head && before[a - 1] === after[b - 1]) {
    a--
    b--
  }
  const [old, young] = [before.slice(head, a), after.slice(head, b)]
  const [oldSet, youngSet] = [new Set(old), new Set(young)]
  return { removed: old.filter((item) => !youngSet.has(item)), added: young.filter((item) => !oldSet.has(item)) }
}
