/** Deleting: first what nobody wants any more, later the sets that no service has named for the time of grace. */
import { deleteAll, type Target } from './apply.ts'
import type { Held, HeldPart } from './held.ts'
import type { StoreError } from './store.ts'
import type { Orphans } from './wanted.ts'

/**
 * Addresses first, then the services that they led to.
 * @param mayGo whether the fragment that gave an entry up is in force without it
 * @returns the error of what could not be deleted
 */
export function prune(
  target: Target,
  { frontends, services, cursors, workloads }: Orphans,
  mayGo: (owner: string | undefined) => boolean,
): StoreError | undefined {
  const { held } = target
  const ready = <K>(orphans: ReadonlyMap<K, string | undefined>, isDue: (key: K) => boolean): K[] =>
    [...orphans].filter(([key, owner]) => mayGo(owner) && isDue(key)).map(([key]) => key)
  const errors = [
    deleteAll(
      target,
      ready(frontends, (key) => held.frontends.has(key)).map((key) => ({ table: 'frontends', key })),
    ),
    deleteAll(
      target,
      // An address may still lead there: it waits for a service that is not in force yet.
      ready(services, (id) => held.services.get(id)?.frontends === 0).map((key) => ({ table: 'services', key })),
    ),
    deleteAll(
      target,
      // Like its cursor, for as long as it takes turns.
      ready(cursors, (id) => held.cursors.has(id) && !(services.has(id) && held.services.has(id))).map((key) => ({
        table: 'cursors',
        key,
      })),
    ),
    deleteAll(
      target,
      ready(workloads, (key) => held.workloads.has(key)).map((key) => ({ table: 'workloads', key })),
    ),
  ]
  forget(frontends, held.frontends)
  forget(services, held.services)
  forget(cursors, held.cursors)
  forget(workloads, held.workloads)
  return errors.find((error) => error !== undefined)
}

function forget<K>(orphans: Map<K, unknown>, held: ReadonlyMap<K, unknown>): void {
  for (const key of orphans.keys()) if (!held.has(key)) orphans.delete(key)
}

/** Deletes what has been unused for the time of grace. @returns the error of what could not be deleted */
export function sweep(target: Target, graceMs: number): StoreError | undefined {
  const { held, now } = target
  const isOver = (part: HeldPart) => part.users === 0 && now() - part.unusedSince >= graceMs
  const slots: bigint[] = []
  const members: bigint[] = []
  for (const id of held.idle) {
    const set = held.sets.get(id)
    if (
      set === undefined ||
      (set.slots.users > 0 && (set.set_members.users > 0 || set.set_members.entries.count === 0))
    ) {
      held.idle.delete(id)
      continue
    }
    if (isOver(set.slots)) slots.push(id)
    if (isOver(set.set_members) && (set.slots.users > 0 || isOver(set.slots)) && set.set_members.entries.count > 0)
      members.push(id)
  }
  const errors = [
    deleteAll(
      target,
      slots.map((key) => ({ table: 'slots', key })),
    ),
    deleteAll(
      target,
      members.map((key) => ({ table: 'set_members', key })),
    ),
  ]
  for (const id of slots) {
    const set = held.sets.get(id)
    if (set?.slots.entries.count !== 0 || set.set_members.entries.count !== 0) continue
    held.sets.delete(id)
    held.idle.delete(id)
  }
  return errors.find((error) => error !== undefined)
}

/** When the next sweep has something to do; undefined: nothing is idle. */
export function nextSweep(held: Held, graceMs: number): number | undefined {
  let next: number | undefined
  for (const id of held.idle) {
    const set = held.sets.get(id)
    const parts =
      set === undefined ? [] : set.set_members.entries.count > 0 ? [set.slots, set.set_members] : [set.slots]
    for (const { users, unusedSince } of parts) {
      if (users === 0) next = Math.min(next ?? Number.POSITIVE_INFINITY, unusedSince + graceMs)
    }
  }
  return next
}
