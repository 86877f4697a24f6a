/**
 * A large list in parts, each with a result computed from its items alone: a change costs one part, not the list.
 */
export interface Shard<T, R> {
  readonly items: readonly T[]
  readonly result: R
}

export type Shards<T, R> = readonly Shard<T, R>[]

export const SHARD_COUNT = 256

export function emptyShards<T, R>(build: (items: readonly T[], index: number) => R): Shards<T, R> {
  return Array.from({ length: SHARD_COUNT }, (_, index) => ({ items: [], result: build([], index) }))
}

/** @returns untouched parts as the objects that they were */
export function updateShards<T, R>(
  shards: Shards<T, R>,
  { removed, added }: Difference<T>,
  shardsOf: (item: T) => Iterable<number>,
  build: (items: readonly T[], index: number) => R,
): Shards<T, R> {
  const changed = new Map<number, { readonly gone: Set<T>; readonly come: T[] }>()
  const changesOf = (item: T) =>
    Array.from(new Set(shardsOf(item)), (index) => {
      const change = changed.get(index) ?? { gone: new Set<T>(), come: [] }
      changed.set(index, change)
      return change
    })
  for (const item of removed) for (const { gone } of changesOf(item)) gone.add(item)
  for (const item of added) for (const { come } of changesOf(item)) come.push(item)
  if (changed.size === 0) return shards
  return shards.map((shard, index) => {
    const change = changed.get(index)
    if (change === undefined) return shard
    const items = [...shard.items.filter((item) => !change.gone.has(item)), ...change.come]
    return { items, result: build(items, index) }
  })
}

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
