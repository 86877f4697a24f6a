/** Fragments as whole tables: for dumps and comparisons. */
import { concatPacked, type PackedEntries } from '../abi/packed.ts'
import { TABLES, type Table } from '../abi/tables.ts'
import type { Fragment } from './fragment.ts'

/** A set that several services share is there once. */
export function tablesOf(fragments: Iterable<Fragment>): ReadonlyMap<Table, PackedEntries> {
  const parts = new Map<Table, PackedEntries[]>(TABLES.map((table) => [table, []]))
  const sets = new Map<bigint, { slots: PackedEntries; members: PackedEntries }>()
  for (const fragment of fragments) {
    parts.get('frontends')?.push(fragment.frontends)
    parts.get('services')?.push(fragment.services)
    parts.get('cursors')?.push(fragment.cursors)
    parts.get('workloads')?.push(fragment.workloads)
    for (const { id, slots, members } of fragment.sets) {
      const known = sets.get(id)
      if (known === undefined) sets.set(id, { slots, members })
      else if (members.count > 0) known.members = members
    }
  }
  for (const { slots, members } of sets.values()) {
    parts.get('slots')?.push(slots)
    parts.get('set_members')?.push(members)
  }
  return new Map(Array.from(parts, ([table, list]) => [table, concatPacked(list)]))
}
