/**
 * A large list in parts, each with a result computed from its items alone: a change costs one part, not the list.
 */
import type { Difference } from '../abi/difference.ts'

export interface Shard<T, R> {
  readonly items: readonly T[]
  readonly result: R
}

export type Shards<T, R> = readonly Shard<T, R>[]

export const SHARD_COUNT = 1024

export function emptyShards<T, R>(build: (items: readonly T[], index: number) => R): Shards<T, R> {
  return Array.from({ length: SHARD_COUNT }, (_, index) => ({ items: [], result: build([], index) }))
}

/**
 * @param keyOf what tells items apart
 * @returns untouched parts as the objects that they were
 */
export function updateShards<T, R>(
  shards: Shards<T, R>,
  { removed, added }: Difference<T>,
  shardsOf: (item: T) => readonly number[],
  keyOf: (item: T) => unknown,
  build: (items: readonly T[], index: number) => R,
): Shards<T, R> {
  const changed = new Map<number, { readonly gone: Set<unknown>; readonly come: T[] }>()
  const changesOf = (item: T) =>
    [...new Set(shardsOf(item))].map((index) => {
      const change = changed.get(index) ?? { gone: new Set(), come: [] }
      changed.set(index, change)
      return change
    })
  for (const item of removed) for (const { gone } of changesOf(item)) gone.add(keyOf(item))
  for (const item of added) for (const { come } of changesOf(item)) come.push(item)
  if (changed.size === 0) return shards
  return shards.map((shard, index) => {
    const change = changed.get(index)
    if (change === undefined) return shard
    const items = [...shard.items.filter((item) => !change.gone.has(keyOf(item))), ...change.come]
    return { items, result: build(items, index) }
  })
}
