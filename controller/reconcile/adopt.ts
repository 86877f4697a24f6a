/** What the kernel holds at the start, left there by a daemon before us. Read with distrust: it may be half-written. */
import { encode } from '../abi/codec.ts'
import { maps } from '../abi/layouts.generated.ts'
import { joinParts, keyBytes, keyText, type PackedEntries, type Part, sameBytes } from '../abi/packed.ts'
import { type At, each, usesOf } from './change.ts'
import { emptyHeld, finish, type Held, putPart, putService } from './held.ts'
import type { MapStore } from './store.ts'

/** @throws StoreError when a table cannot be read, RangeError when it has another layout */
export function readHeld(store: MapStore, now: number): Held {
  const held = emptyHeld()
  const slotOf = (key: At) => maps.slots.key.read(...key).slot
  for (const [id, entries] of bySet('slots', dump(store, 'slots'), slotOf)) {
    putPart(held, id, 'slots', entries, 'read', now)
  }
  const memberSlotOf = (_: At, value: At) => maps.set_members.value.read(...value)
  for (const [id, entries] of bySet('set_members', dump(store, 'set_members'), memberSlotOf)) {
    putPart(held, id, 'set_members', entries, 'read', now)
  }
  each('services', dump(store, 'services'), (entries, key, value) => {
    const uses = usesOf(maps.services.value.read(...value))
    putService(held, { table: 'services', id: maps.services.key.read(...key), entries, ...uses }, now)
  })
  each('frontends', dump(store, 'frontends'), (entries, keyAt, value) => {
    const { service, self, serviceAgain } = maps.frontends.value.read(...value)
    const key = keyText(...keyAt, maps.frontends.key.size)
    finish(held, { table: 'frontends', owners: [], key, service, entries }, now)
    const frontend = held.frontends.get(key)
    const isWhole = service === serviceAgain && sameBytes(encode(maps.frontends.key, self), keyBytes(key))
    if (frontend !== undefined) frontend.certain = isWhole
  })
  each('cursors', dump(store, 'cursors'), (_, key) => held.cursors.set(maps.cursors.key.read(...key), true))
  each('workloads', dump(store, 'workloads'), (_, key, value) => {
    held.workloads.set(keyText(...key, maps.workloads.key.size), maps.workloads.value.read(...value))
  })
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

/** Entries of each set in the order in which the compiler packs them. The id of the set leads the key. */
function bySet(
  table: 'slots' | 'set_members',
  all: PackedEntries,
  orderOf: (key: At, value: At) => number,
): ReadonlyMap<bigint, PackedEntries> {
  const sets = new Map<bigint, { readonly order: number; readonly entries: Part }[]>()
  each(table, all, (entries, key, value) => {
    const { set } = maps[table].key.read(...key)
    const list = sets.get(set) ?? []
    list.push({ order: orderOf(key, value), entries })
    sets.set(set, list)
  })
  return new Map(
    Array.from(sets, ([set, list]) => {
      list.sort((a, b) => a.order - b.order)
      const parts = list.map(({ entries }) => entries)
      return [set, joinParts(maps[table], parts)]
    }),
  )
}
