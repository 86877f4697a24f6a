/** Writes and deletions to the store. One that fails is told apart from those that do not. */
import { maps } from '../abi/layouts.generated.ts'
import { concatBytes, joinParts } from '../abi/packed.ts'
import type { Table } from '../abi/tables.ts'
import { keysOf, type Removal, type Write } from './change.ts'
import { begin, doubt, drop, finish, type Held } from './held.ts'
import { type MapStore, StoreError } from './store.ts'

export interface Target {
  readonly store: MapStore
  readonly held: Held
  readonly now: () => number
  readonly stats: Stats
}

export interface Stats {
  /** entries */
  written: number
  deleted: number
  /** calls */
  failures: number
}

/** Why a fragment is not in force, by its key. */
export type Failures = Map<string, StoreError>

/** One table's writes, in one call if the store lets us. Leaves out what belongs only to fragments that failed. */
export function writeAll(target: Target, writes: readonly Write[], failures: Failures): void {
  const wanted = writes.filter(({ owners }) => owners.some((owner) => !failures.has(owner)))
  const [first, ...others] = wanted
  if (first === undefined) return
  for (const write of wanted) begin(target.held, write, target.now())
  const error = attempt(target, wanted)
  if (error === undefined) return
  if (others.length === 0) fail(first, error, failures)
  // Which of them it was, the error does not say.
  else
    for (const write of wanted) {
      const alone = attempt(target, [write])
      if (alone !== undefined) fail(write, alone, failures)
    }
}

function attempt({ store, held, now, stats }: Target, writes: readonly Write[]): StoreError | undefined {
  const [first] = writes
  if (first === undefined) return undefined
  const { table } = first
  const parts = writes.map(({ entries }) => entries)
  const error = caught(table, () => store.update(table, joinParts(maps[table], parts)))
  if (error !== undefined) {
    stats.failures++
    return error
  }
  stats.written += writes.reduce((sum, { entries }) => sum + entries.count, 0)
  for (const write of writes) finish(held, write, now())
  return undefined
}

function fail({ owners }: Write, error: StoreError, failures: Failures): void {
  for (const owner of owners) if (!failures.has(owner)) failures.set(owner, error)
}

/** @param removals all of one table @returns the error of those that failed, if any did */
export function deleteAll(target: Target, removals: readonly Removal[]): StoreError | undefined {
  if (removals.length === 0) return undefined
  for (const removal of removals) doubt(target.held, removal)
  const whole = attemptDeletion(target, removals)
  if (whole === undefined || removals.length === 1) return whole
  let failed: StoreError | undefined
  for (const removal of removals) failed = attemptDeletion(target, [removal]) ?? failed
  return failed
}

function attemptDeletion({ store, held, now, stats }: Target, removals: readonly Removal[]): StoreError | undefined {
  const table = removals[0]?.table ?? 'frontends'
  const keys = concatBytes(removals.map((removal) => keysOf(removal, held.sets)))
  const count = keys.length / maps[table].key.size
  const error = caught(table, () => store.delete(table, count, keys))
  if (error !== undefined) {
    stats.failures++
    return error
  }
  stats.deleted += count
  for (const removal of removals) drop(held, removal, now())
  return undefined
}

/** @throws what is no error of the store: a mistake of ours must not look like a full map */
function caught(table: Table, call: () => void): StoreError | undefined {
  try {
    call()
    return undefined
  } catch (error) {
    if (error instanceof StoreError) return error
    throw new Error(`map ${table}: ${error instanceof Error ? error.message : String(error)}`, { cause: error })
  }
}
