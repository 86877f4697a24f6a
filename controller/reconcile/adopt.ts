/** What the kernel holds at the start, left there by a daemon before us. Read with distrust: it may be half-written. */
import { maps } from '../abi/layouts.generated.ts'
import { concatPacked, type PackedEntries, sameBytes } from '../abi/packed.ts'
import { each, keyText, usesOf } from './change.ts'
import { emptyHeld, finish, type Held, putPart, putService } from './held.ts'
import type { MapStore } from './store.ts'

/** @throws StoreError when a table cannot be read, RangeError when it has another layout */
export function readHeld(store: MapStore, now: number): Held {
  const held = emptyHeld()
  for (const [id, entries] of bySet('slots', dump(store, 'slots'), (key) => maps.slots.key.read(key, 0).slot)) {
    putPart(held, id, 'slots', entries, 'read', now)
  }
  const slotOf = (_: DataView, value: DataView) => maps.set_members.value.read(value, 0)
  for (const [id, entries] of bySet('set_members', dump(store, 'set_members'), slotOf)) {
    putPart(held, id, 'set_members', entries, 'read', now)
  }
  for (const { key, value, entries } of each('services', dump(store, 'services'))) {
    const id = maps.services.key.read(key, 0)
    putService(held, { table: 'services', id, entries, ...usesOf(maps.services.value.read(value, 0)) }, now)
  }
  for (const { value, entries } of each('frontends', dump(store, 'frontends'))) {
    const { service } = maps.frontends.value.read(value, 0)
    const key = keyText(entries.keys)
    finish(held, { table: 'frontends', owners: [], key, service, entries }, now)
    const expected = expectedFrontend(entries, service)
    const frontend = held.frontends.get(key)
    if (frontend !== undefined) frontend.certain = sameBytes(expected, entries.values)
  }
  for (const { key } of each('cursors', dump(store, 'cursors'))) held.cursors.set(maps.cursors.key.read(key, 0), true)
  for (const { value, entries } of each('workloads', dump(store, 'workloads'))) {
    held.workloads.set(keyText(entries.keys), maps.workloads.value.read(value, 0))
  }
  return held
}

function dump(store: MapStore, table: keyof typeof maps): PackedEntries {
  const entries = store.dump(table)
  const { key, value } = maps[table]
  if (entries.keys.length !== entries.count * key.size || entries.values.length !== entries.count * value.size) {
    throw new RangeError(`map ${table} has another layout: its entries are not of ${key.size} + ${value.size} bytes`)
  }
  return entries
}

/** The value that we would have written: a frontend has no other content than its key and its service. */
function expectedFrontend({ keys }: PackedEntries, service: bigint): Uint8Array {
  const self = maps.frontends.key.read(new DataView(keys.buffer, keys.byteOffset, keys.byteLength), 0)
  const value = new Uint8Array(maps.frontends.value.size)
  maps.frontends.value.write({ service, self, serviceAgain: service }, new DataView(value.buffer), 0)
  return value
}

/** Entries of each set in the order in which the compiler packs them. The id of the set leads the key. */
function bySet(
  table: 'slots' | 'set_members',
  all: PackedEntries,
  orderOf: (key: DataView, value: DataView) => number,
): ReadonlyMap<bigint, PackedEntries> {
  const sets = new Map<bigint, { readonly order: number; readonly entries: PackedEntries }[]>()
  for (const { key, value, entries } of each(table, all)) {
    const { set } = maps[table].key.read(key, 0)
    const list = sets.get(set) ?? []
    list.push({ order: orderOf(key, value), entries })
    sets.set(set, list)
  }
  return new Map(
    Array.from(sets, ([set, list]) => {
      list.sort((a, b) => a.order - b.order)
      return [set, concatPacked(list.map(({ entries }) => entries))]
    }),
  )
}
