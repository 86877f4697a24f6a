/** A fragment taken apart: single writes, each with what the reconciler must know about it. */
import { encode } from '../abi/codec.ts'
import { maps, type Service, ServiceFlags } from '../abi/layouts.generated.ts'
import { keyBytes, keyText, NO_ENTRIES, type PackedEntries, type Part, viewOf } from '../abi/packed.ts'
import type { Fragment, SlotSet } from '../compiler/fragment.ts'

interface Written {
  /** fragments that wait for it, by their keys */
  readonly owners: string[]
  readonly entries: Part
}

export interface SlotsWrite extends Written {
  readonly table: 'slots'
  readonly set: SlotSet
}
export interface MembersWrite extends Written {
  readonly table: 'set_members'
  readonly set: SlotSet
}
export interface ServiceWrite extends Written {
  readonly table: 'services'
  readonly id: bigint
  /** sets that it names, and those of them that must list their members */
  readonly slots: readonly bigint[]
  readonly set_members: readonly bigint[]
}
export interface FrontendWrite extends Written {
  readonly table: 'frontends'
  readonly key: string
  readonly service: bigint
}
export interface CursorWrite extends Written {
  readonly table: 'cursors'
  readonly id: bigint
}
export interface WorkloadWrite extends Written {
  readonly table: 'workloads'
  readonly key: string
  readonly id: bigint
}

export type Write = SlotsWrite | MembersWrite | ServiceWrite | FrontendWrite | CursorWrite | WorkloadWrite

/** An entry to delete, or all entries of a set. */
export type Removal =
  | { readonly table: 'slots' | 'set_members' | 'services' | 'cursors'; readonly key: bigint }
  | { readonly table: 'frontends' | 'workloads'; readonly key: string }

export interface Parts {
  readonly fragment: Fragment
  readonly services: readonly ServiceWrite[]
  readonly frontends: readonly FrontendWrite[]
  readonly cursors: readonly CursorWrite[]
  readonly workloads: readonly WorkloadWrite[]
}

export function takeApart(fragment: Fragment): Parts {
  const { frontends, services, cursors, workloads } = fragment
  const owners = [fragment.key]
  return {
    fragment,
    services: each('services', services, (entries, key, value) => {
      const uses = usesOf(maps.services.value.read(...value))
      return { table: 'services', owners, entries, id: maps.services.key.read(...key), ...uses }
    }),
    frontends: each('frontends', frontends, (entries, key, value) => {
      const { service } = maps.frontends.value.read(...value)
      return { table: 'frontends', owners, entries, key: keyText(...key, maps.frontends.key.size), service }
    }),
    cursors: each('cursors', cursors, (entries, key) => {
      return { table: 'cursors', owners, entries, id: maps.cursors.key.read(...key) }
    }),
    workloads: each('workloads', workloads, (entries, key, value) => {
      const id = maps.workloads.value.read(...value)
      return { table: 'workloads', owners, entries, key: keyText(...key, maps.workloads.key.size), id }
    }),
  }
}

export function usesOf({ v4, v6, flags }: Service): Pick<ServiceWrite, 'slots' | 'set_members'> {
  const slots = [v4, v6].filter(({ count }) => count > 0).map(({ id }) => id)
  return { slots, set_members: (flags & ServiceFlags.SERVICE_SET_MEMBERS) === 0 ? [] : slots }
}

/** The keys by which the kernel knows what is removed. @param held what is known of the sets */
export function keysOf(
  removal: Removal,
  sets: ReadonlyMap<bigint, Record<'slots' | 'set_members', { entries: PackedEntries }>>,
) {
  switch (removal.table) {
    case 'slots':
    case 'set_members':
      return sets.get(removal.key)?.[removal.table].entries.keys ?? NO_ENTRIES.keys
    case 'services':
    case 'cursors':
      return encode(maps[removal.table].key, removal.key)
    case 'frontends':
    case 'workloads':
      return keyBytes(removal.key)
  }
}

export type At = readonly [view: DataView, at: number]

/** Each entry of a table, with where its key and value stand. */
export function each<T>(
  table: keyof typeof maps,
  of: PackedEntries,
  make: (entries: Part, key: At, value: At) => T,
): T[] {
  const [keySize, valueSize] = [maps[table].key.size, maps[table].value.size]
  const [keys, values] = [viewOf(of.keys), viewOf(of.values)]
  const made: T[] = []
  for (let from = 0; from < of.count; from++) {
    made.push(make({ of, from, count: 1 }, [keys, from * keySize], [values, from * valueSize]))
  }
  return made
}
