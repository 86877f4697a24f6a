/** A fragment taken apart: single writes, each with what the reconciler must know about it. */
import { encode } from '../abi/codec.ts'
import { maps, type Service, ServiceFlags } from '../abi/layouts.generated.ts'
import { NO_ENTRIES, type PackedEntries } from '../abi/packed.ts'
import type { Fragment, SlotSet } from '../compiler/fragment.ts'

interface Written {
  /** fragments that wait for it, by their keys */
  readonly owners: string[]
  readonly entries: PackedEntries
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
  const owned = (entries: PackedEntries) => ({ owners: [fragment.key], entries })
  return {
    fragment,
    services: Array.from(each('services', services), ({ key, value, entries }) => {
      const uses = usesOf(maps.services.value.read(value, 0))
      return { ...owned(entries), table: 'services', id: maps.services.key.read(key, 0), ...uses }
    }),
    frontends: Array.from(each('frontends', frontends), ({ value, entries }) => {
      const { service } = maps.frontends.value.read(value, 0)
      return { ...owned(entries), table: 'frontends', key: keyText(entries.keys), service }
    }),
    cursors: Array.from(each('cursors', cursors), ({ key, entries }) => {
      return { ...owned(entries), table: 'cursors', id: maps.cursors.key.read(key, 0) }
    }),
    workloads: Array.from(each('workloads', workloads), ({ value, entries }) => {
      const id = maps.workloads.value.read(value, 0)
      return { ...owned(entries), table: 'workloads', key: keyText(entries.keys), id }
    }),
  }
}

export function usesOf({ v4, v6, flags }: Service): Pick<ServiceWrite, 'slots' | 'set_members'> {
  const slots = [v4, v6].filter(({ count }) => count > 0).map(({ id }) => id)
  return { slots, set_members: (flags & ServiceFlags.SERVICE_SET_MEMBERS) === 0 ? [] : slots }
}

/** A key of bytes as a key of a Map. */
export function keyText(key: Uint8Array): string {
  return String.fromCharCode(...key)
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
      return Uint8Array.from(removal.key, (c) => c.charCodeAt(0))
  }
}

/** The entries of a table one by one, as views: nothing is copied. */
export function* each(
  table: keyof typeof maps,
  { count, keys, values }: PackedEntries,
): Generator<{ readonly key: DataView; readonly value: DataView; readonly entries: PackedEntries }> {
  const [keySize, valueSize] = [maps[table].key.size, maps[table].value.size]
  for (let i = 0; i < count; i++) {
    const entries = {
      count: 1,
      keys: keys.subarray(i * keySize, (i + 1) * keySize),
      values: values.subarray(i * valueSize, (i + 1) * valueSize),
    }
    yield { key: viewOf(entries.keys), value: viewOf(entries.values), entries }
  }
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
