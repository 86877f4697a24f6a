/**
 * The moment at which clients see a change, in an order in which each address shows its old or its new endpoints at
 * every step: services nobody asks for yet, addresses that move to those or leave, services that change, addresses
 * that move to them. So an address that leaves a service which changes too has left before.
 */
import { deleteAll, type Failures, type Target, writeAll } from './apply.ts'
import type { FrontendWrite, ServiceWrite } from './change.ts'
import { standInFor, standInId } from './stand-in.ts'
import type { StoreError } from './store.ts'
import type { Orphans } from './wanted.ts'

export interface Publication {
  readonly services: readonly ServiceWrite[]
  readonly frontends: readonly FrontendWrite[]
  /** addresses that lead nowhere from now on */
  readonly leaving: readonly string[]
}

/** What changes under addresses that lead to it, by the ids. */
type Changing = Map<bigint, ServiceWrite>

/** @param orphans gets what is only needed on the way */
export function publish(
  target: Target,
  { services, frontends, leaving }: Publication,
  failures: Failures,
  orphans: Orphans,
): void {
  const { held } = target
  const isAskedFor = ({ id }: ServiceWrite) => (held.services.get(id)?.frontends ?? 0) > 0
  const changing: Changing = new Map(services.filter(isAskedFor).map((write) => [write.id, write]))

  writeAll(
    target,
    services.filter((write) => !isAskedFor(write)),
    failures,
  )
  let waiting = move(target, frontends, changing, failures)
  leave(target, leaving, changing, failures)
  while (changing.size > 0) {
    const blocked = new Set(waiting.flatMap((write) => sourcesOf(target, write)))
    const free = [...changing.values()].filter(({ id }) => !blocked.has(id))
    if (free.length === 0 && swap(target, waiting, changing, failures, orphans)) continue
    const next = free.length > 0 ? free : [...changing.values()]
    writeAll(target, next, failures)
    for (const { id } of next) changing.delete(id)
    waiting = move(target, waiting, changing, failures)
  }
}

/** @returns whether a stand-in took the addresses of one service, so that others can change */
function swap(
  target: Target,
  waiting: readonly FrontendWrite[],
  changing: Changing,
  failures: Failures,
  orphans: Orphans,
): boolean {
  const candidates = waiting.flatMap((frontend) => changing.get(frontend.service) ?? [])
  const write = candidates.find((candidate) => !target.held.services.has(standInId(candidate)))
  if (write === undefined) return false
  const { cursor, service, frontends } = standInFor(write, waiting)
  orphans.cursors.set(cursor.id, undefined)
  orphans.services.set(service.id, undefined)
  writeAll(target, [cursor], failures)
  writeAll(target, [service], failures)
  move(target, frontends, changing, failures)
  return write.owners.every((owner) => !failures.has(owner))
}

/** @returns those that wait for a service to change */
function move(
  target: Target,
  writes: readonly FrontendWrite[],
  changing: Changing,
  failures: Failures,
): FrontendWrite[] {
  const ready = writes.filter(({ service }) => !changing.has(service))
  const left = ready.map((write) => ({ owners: write.owners, sources: sourcesOf(target, write) }))
  writeAll(target, ready, failures)
  for (const { owners, sources } of left) {
    const error = owners.map((owner) => failures.get(owner)).find((e) => e !== undefined)
    if (error !== undefined) hold(sources, error, changing, failures)
  }
  return writes.filter(({ service }) => changing.has(service))
}

function leave(target: Target, leaving: readonly string[], changing: Changing, failures: Failures): void {
  const { held } = target
  const error = deleteAll(
    target,
    leaving.map((key) => ({ table: 'frontends', key })),
  )
  if (error === undefined) return
  for (const key of leaving) hold(held.frontends.get(key)?.services ?? [], error, changing, failures)
}

/** An address still shows a service that it should have left: that must stay as it is for now. */
function hold(services: readonly bigint[], error: StoreError, changing: Changing, failures: Failures): void {
  for (const id of services) for (const owner of changing.get(id)?.owners ?? []) failures.set(owner, error)
}

/** The services that an address may lead to, other than the one it shall lead to. */
function sourcesOf({ held }: Target, { key, service }: FrontendWrite): bigint[] {
  return held.frontends.get(key)?.services.filter((id) => id !== service) ?? []
}
