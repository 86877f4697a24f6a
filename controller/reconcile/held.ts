/**
 * What the kernel holds, as far as we know. A write that failed may have happened all the same, wholly or in part, so
 * what was tried without success is neither there nor not there: it counts as used, and is written again.
 */
import { NO_ENTRIES, type PackedEntries, type Part } from '../abi/packed.ts'
import type { Table } from '../abi/tables.ts'
import type { Removal, ServiceWrite, Write } from './change.ts'

/** The slots or the members of one set. */
export interface HeldPart {
  entries: PackedEntries
  /** written: by us; read: from the kernel, and not compared with anything yet */
  state: 'written' | 'read' | 'uncertain'
  /** services whose value needs it, or may do so */
  users: number
  /** since when there are none: readers may still be on their way */
  unusedSince: number
}

export interface HeldSet {
  readonly slots: HeldPart
  readonly set_members: HeldPart
}

export interface HeldService extends Uses {
  /** undefined: uncertain */
  value: Part | undefined
  /** addresses that lead to it, or may do so */
  frontends: number
}

/** Sets that a service's value names, or may name. */
interface Uses {
  slots: readonly bigint[]
  set_members: readonly bigint[]
}

export interface HeldFrontend {
  /** where it leads, or may lead */
  services: readonly bigint[]
  certain: boolean
}

export interface Held {
  readonly sets: Map<bigint, HeldSet>
  /** sets with a part that had no user when it was last looked at */
  readonly idle: Set<bigint>
  readonly services: Map<bigint, HeldService>
  readonly frontends: Map<string, HeldFrontend>
  /** by service; false: uncertain. Their values belong to the kernel */
  readonly cursors: Map<bigint, boolean>
  /** by address; undefined: uncertain */
  readonly workloads: Map<string, bigint | undefined>
  /** entries of all sets */
  readonly counts: { slots: number; set_members: number }
}

export function emptyHeld(): Held {
  const maps = { sets: new Map(), services: new Map(), frontends: new Map(), cursors: new Map(), workloads: new Map() }
  return { ...maps, idle: new Set(), counts: { slots: 0, set_members: 0 } }
}

export function countOf(held: Held, table: Table): number {
  return table === 'slots' || table === 'set_members' ? held.counts[table] : held[table].size
}

/** Before a write: from now on, the kernel may hold it. */
export function begin(held: Held, write: Write, now: number): void {
  switch (write.table) {
    case 'slots':
    case 'set_members':
      putPart(held, write.set.id, write.table, write.entries.of, 'uncertain', now)
      break
    case 'services': {
      const service = holdService(held, write.id)
      use(
        held,
        service,
        { slots: [...service.slots, ...write.slots], set_members: [...service.set_members, ...write.set_members] },
        now,
      )
      service.value = undefined
      break
    }
    case 'frontends': {
      const frontend = holdFrontend(held, write.key)
      lead(held, frontend, [...frontend.services, write.service])
      frontend.certain = false
      break
    }
    case 'cursors':
      held.cursors.set(write.id, false)
      break
    case 'workloads':
      held.workloads.set(write.key, undefined)
  }
}

/** After a write that succeeded, or for what was read. */
export function finish(held: Held, write: Write, now: number): void {
  switch (write.table) {
    case 'slots':
    case 'set_members':
      putPart(held, write.set.id, write.table, write.entries.of, 'written', now)
      break
    case 'services':
      putService(held, write, now)
      break
    case 'frontends': {
      const frontend = holdFrontend(held, write.key)
      lead(held, frontend, [write.service])
      frontend.certain = true
      break
    }
    case 'cursors':
      held.cursors.set(write.id, true)
      break
    case 'workloads':
      held.workloads.set(write.key, write.id)
  }
}

export function putPart(
  held: Held,
  id: bigint,
  table: keyof HeldSet,
  entries: PackedEntries,
  state: HeldPart['state'],
  now: number,
): void {
  const part = holdSet(held, id, now)[table]
  held.counts[table] += entries.count - part.entries.count
  part.entries = entries
  part.state = state
}

export function putService(
  held: Held,
  { id, entries, slots, set_members }: Omit<ServiceWrite, 'owners'>,
  now: number,
): void {
  const service = holdService(held, id)
  use(held, service, { slots, set_members }, now)
  service.value = entries
}

/** Before a deletion: from now on, it may be gone. */
export function doubt(held: Held, { table, key }: Removal): void {
  switch (table) {
    case 'slots':
    case 'set_members': {
      const set = held.sets.get(key)
      if (set !== undefined) set[table].state = 'uncertain'
      break
    }
    case 'services': {
      const service = held.services.get(key)
      if (service !== undefined) service.value = undefined
      break
    }
    case 'frontends': {
      const frontend = held.frontends.get(key)
      if (frontend !== undefined) frontend.certain = false
      break
    }
    case 'cursors':
      held.cursors.set(key, false)
      break
    case 'workloads':
      held.workloads.set(key, undefined)
  }
}

/** After a deletion that succeeded. */
export function drop(held: Held, { table, key }: Removal, now: number): void {
  switch (table) {
    case 'slots':
    case 'set_members':
      putPart(held, key, table, NO_ENTRIES, 'uncertain', now)
      break
    case 'services': {
      const service = held.services.get(key)
      if (service !== undefined) use(held, service, { slots: [], set_members: [] }, now)
      held.services.delete(key)
      break
    }
    case 'frontends': {
      const frontend = held.frontends.get(key)
      if (frontend !== undefined) lead(held, frontend, [])
      held.frontends.delete(key)
      break
    }
    case 'cursors':
      held.cursors.delete(key)
      break
    case 'workloads':
      held.workloads.delete(key)
  }
}

function holdSet(held: Held, id: bigint, now: number): HeldSet {
  const known = held.sets.get(id)
  if (known !== undefined) return known
  const none = (): HeldPart => ({ entries: NO_ENTRIES, state: 'uncertain', users: 0, unusedSince: now })
  const set = { slots: none(), set_members: none() }
  held.sets.set(id, set)
  held.idle.add(id)
  return set
}

function holdService(held: Held, id: bigint): HeldService {
  const known = held.services.get(id)
  if (known !== undefined) return known
  const service: HeldService = { value: undefined, slots: [], set_members: [], frontends: 0 }
  held.services.set(id, service)
  return service
}

function holdFrontend(held: Held, key: string): HeldFrontend {
  const known = held.frontends.get(key)
  if (known !== undefined) return known
  const frontend: HeldFrontend = { services: [], certain: false }
  held.frontends.set(key, frontend)
  return frontend
}

/** Also a set that is missing gets its users: it will be written, and must not be swept then. */
function use(held: Held, service: HeldService, uses: Uses, now: number): void {
  for (const table of ['slots', 'set_members'] as const) {
    const [before, after] = [service[table], [...new Set(uses[table])]]
    for (const id of after) if (!before.includes(id)) holdSet(held, id, now)[table].users++
    for (const id of before) {
      if (after.includes(id)) continue
      const part = holdSet(held, id, now)[table]
      part.users--
      part.unusedSince = now
      if (part.users === 0) held.idle.add(id)
    }
    service[table] = after
  }
}

function lead(held: Held, frontend: HeldFrontend, services: readonly bigint[]): void {
  const next = [...new Set(services)]
  for (const id of next) if (!frontend.services.includes(id)) holdService(held, id).frontends++
  for (const id of frontend.services) if (!next.includes(id)) holdService(held, id).frontends--
  frontend.services = next
}
