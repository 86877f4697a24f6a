/** Wanted against held: what must be written, and what there is no room for. Pure. */

import { maps } from '../abi/layouts.generated.ts'
import { samePacked, sameValues, wholeOf } from '../abi/packed.ts'
import { TABLES, type Table } from '../abi/tables.ts'
import type { Fragment } from '../compiler/fragment.ts'
import type { Limits } from '../compiler/limits.ts'
import type {
  CursorWrite,
  FrontendWrite,
  MembersWrite,
  Parts,
  ServiceWrite,
  SlotsWrite,
  WorkloadWrite,
} from './change.ts'
import { countOf, type Held, type HeldPart } from './held.ts'

type SetWrite = SlotsWrite | MembersWrite

/** Entries that a fragment needs, and what is free. */
export interface Room {
  readonly table: Table
  readonly needed: number
  readonly available: number
}

/** In the order in which the tables are written; what comes before `services` is seen by nobody yet. */
export interface Plan {
  readonly workloads: WorkloadWrite[]
  readonly slots: SlotsWrite[]
  readonly set_members: MembersWrite[]
  readonly cursors: CursorWrite[]
  readonly services: ServiceWrite[]
  readonly frontends: FrontendWrite[]
  /** fragments that must wait, by their keys */
  readonly noRoom: Map<string, Room>
  /** fragments with a set whose id belongs to other content */
  readonly collisions: string[]
}

export function planWrites(dirty: Iterable<Parts>, held: Held, limits: Limits): Plan {
  const plan: Plan = {
    workloads: [],
    slots: [],
    set_members: [],
    cursors: [],
    services: [],
    frontends: [],
    noRoom: new Map(),
    collisions: [],
  }
  const counts = new Map<Table, number>(TABLES.map((table) => [table, countOf(held, table)]))
  const planned = new Map<string, SetWrite>()

  for (const parts of dirty) {
    const { key } = parts.fragment
    const missing = missingSets(parts.fragment, held)
    if (missing === 'collision') {
      plan.collisions.push(key)
      continue
    }
    const fresh = missing.filter((write) => !planned.has(nameOf(write)))
    const wants = unheld(parts, held)
    const growth = growthOf(fresh, wants, held)
    const room = lackOf(growth, counts, limits)
    if (room !== undefined) {
      plan.noRoom.set(key, room)
      continue
    }
    for (const table of TABLES) counts.set(table, (counts.get(table) ?? 0) + growth[table])
    // A set that another fragment of this plan writes already is written once: both wait for it.
    for (const write of missing) planned.get(nameOf(write))?.owners.push(key)
    for (const write of fresh) {
      planned.set(nameOf(write), write)
      if (write.table === 'slots') plan.slots.push(write)
      else plan.set_members.push(write)
    }
    for (const write of wants.workloads) plan.workloads.push(write)
    for (const write of wants.cursors) plan.cursors.push(write)
    for (const write of wants.services) plan.services.push(write)
    for (const write of wants.frontends) plan.frontends.push(write)
  }
  return plan
}

function nameOf({ table, set }: SetWrite): string {
  return `${table} ${set.id}`
}

function missingSets({ key, sets }: Fragment, held: Held): SetWrite[] | 'collision' {
  const missing: SetWrite[] = []
  for (const set of sets) {
    const known = held.sets.get(set.id)
    if (known?.slots.state === 'written' && !samePacked(known.slots.entries, set.slots)) return 'collision'
    const common = { owners: [key], set }
    if (!isThere(known?.slots, set.slots)) missing.push({ ...common, table: 'slots', entries: wholeOf(set.slots) })
    if (set.members.count > 0 && !isThere(known?.set_members, set.members)) {
      missing.push({ ...common, owners: [key], table: 'set_members', entries: wholeOf(set.members) })
    }
  }
  return missing
}

function isThere(part: HeldPart | undefined, wanted: Fragment['services']): boolean {
  return part !== undefined && part.state !== 'uncertain' && samePacked(part.entries, wanted)
}

type Wants = Pick<Parts, 'services' | 'frontends' | 'cursors' | 'workloads'>

function unheld(parts: Parts, held: Held): Wants {
  return {
    workloads: parts.workloads.filter(({ key, id }) => held.workloads.get(key) !== id),
    cursors: parts.cursors.filter(({ id }) => held.cursors.get(id) !== true),
    services: parts.services.filter(({ id, entries }) => {
      const value = held.services.get(id)?.value
      return value === undefined || !sameValues(maps.services, value, entries)
    }),
    frontends: parts.frontends.filter(({ key, service }) => {
      const known = held.frontends.get(key)
      return known === undefined || !known.certain || known.services[0] !== service
    }),
  }
}

/** Entries that the tables gain. */
function growthOf(sets: readonly SetWrite[], wants: Wants, held: Held): Record<Table, number> {
  const gain = (table: 'slots' | 'set_members') =>
    sets
      .filter((write) => write.table === table)
      .reduce((sum, { set, entries }) => sum + entries.count - (held.sets.get(set.id)?.[table].entries.count ?? 0), 0)
  return {
    slots: gain('slots'),
    set_members: gain('set_members'),
    workloads: wants.workloads.filter(({ key }) => !held.workloads.has(key)).length,
    cursors: wants.cursors.filter(({ id }) => !held.cursors.has(id)).length,
    services: wants.services.filter(({ id }) => !held.services.has(id)).length,
    frontends: wants.frontends.filter(({ key }) => !held.frontends.has(key)).length,
  }
}

function lackOf(growth: Record<Table, number>, counts: ReadonlyMap<Table, number>, limits: Limits): Room | undefined {
  for (const table of TABLES) {
    const available = limits[table] - (counts.get(table) ?? 0)
    const needed = growth[table]
    if (needed > available) return { table, needed, available }
  }
  return undefined
}
