/**
 * What fits into the maps. A service that does not fit is refused whole, with the numbers and the flag that helps;
 * nothing is cut.
 *
 * What changes has its old and its new entries there for a while. So each map keeps room for the largest fragment
 * once more: then whatever fits can also be replaced.
 */
import { difference } from '../abi/difference.ts'
import { maps } from '../abi/layouts.generated.ts'
import { TABLES, type Table } from '../abi/tables.ts'
import type { Problem } from '../model/problem.ts'
import type { Fragment } from './fragment.ts'

/** Entries of each map. */
export type Limits = Readonly<Record<Table, number>>

export const DEFAULT_LIMITS: Limits = {
  frontends: maps.frontends.maxEntries,
  services: maps.services.maxEntries,
  slots: maps.slots.maxEntries,
  set_members: maps.set_members.maxEntries,
  cursors: maps.cursors.maxEntries,
  workloads: maps.workloads.maxEntries,
}

export interface Usage {
  /** the first ones have the precedence */
  readonly fragments: readonly Fragment[]
  /** entries of all; sets that services share are counted each time */
  readonly total: Readonly<Record<Table, number>>
  /** of one fragment, or more: what was once the largest is not forgotten */
  readonly largest: Readonly<Record<Table, number>>
}

/** @param before saves the counting of what did not change */
export function measureUsage(fragments: readonly Fragment[], before?: Usage): Usage {
  const total = { ...(before?.total ?? NOTHING) }
  const largest = { ...(before?.largest ?? NOTHING) }
  const { removed, added } = difference(before?.fragments ?? [], fragments)
  for (const table of TABLES) {
    for (const { sizes } of removed) total[table] -= sizes[table]
    for (const { sizes } of added) {
      total[table] += sizes[table]
      largest[table] = Math.max(largest[table], sizes[table])
    }
  }
  return { fragments, total, largest }
}

const NOTHING: Usage['total'] = { frontends: 0, services: 0, slots: 0, set_members: 0, cursors: 0, workloads: 0 }

/** @returns what does not fit, with the reason, by the keys of the fragments */
export function findExcess({ fragments, total, largest }: Usage, limits: Limits): ReadonlyMap<string, Problem> {
  const excess = new Map<string, Problem>()
  // The totals are upper bounds. Mostly they settle the question.
  for (const table of TABLES) {
    if (total[table] + largest[table] > limits[table]) refuse(fragments, table, limits[table], excess)
  }
  return excess
}

function refuse(fragments: readonly Fragment[], table: Table, limit: number, excess: Map<string, Problem>): void {
  const counted = new Set<bigint>()
  let used = 0
  let spare = 0
  for (const fragment of fragments) {
    if (excess.has(fragment.key)) continue
    const size = newEntries(fragment, table, counted)
    const spareThen = Math.max(spare, fragment.sizes[table])
    if (used + size + spareThen > limit) {
      const room = { table, needed: size, spare: spareThen, available: limit - used, size: used + size + spareThen }
      excess.set(fragment.key, noRoom(fragment, room))
      continue
    }
    used += size
    spare = spareThen
    for (const { id } of fragment.sets) counted.add(id)
  }
}

/** Of its sets those that no service before it has. */
function newEntries({ sets, sizes }: Fragment, table: Table, counted: ReadonlySet<bigint>): number {
  if (table !== 'slots' && table !== 'set_members') return sizes[table]
  const fresh = sets.filter(({ id }) => !counted.has(id))
  return fresh.reduce((sum, { slots, members }) => sum + (table === 'slots' ? slots.count : members.count), 0)
}

interface Room {
  readonly table: Table
  readonly needed: number
  /** kept free for changes */
  readonly spare: number
  readonly available: number
  /** of the map that would hold it */
  readonly size: number
}

function noRoom({ about, key }: Fragment, { table, needed, spare, available, size }: Room): Problem {
  const change = spare > 0 ? ` (and ${spare} more while it changes)` : ''
  const what = key.startsWith('service ') ? 'its last state stays in force' : 'these workloads are shown without names'
  const flag = `--map-size ${table}=${2 ** Math.ceil(Math.log2(size))}`
  const message = `needs ${needed} entries of the map ${table}${change}, ${available} are left: ${what}. Raise it: ${flag}`
  return { ...about, severity: 'error', field: '', message }
}
