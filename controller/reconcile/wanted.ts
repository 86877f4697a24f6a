/** Who wants what: so that an entry which one fragment gives up is not deleted under another. */
import type { Fragment } from '../compiler/fragment.ts'
import { type Parts, takeApart } from './change.ts'
import type { Held } from './held.ts'

/** Held, and wanted by nobody; with the fragment that gave it up, if that is known. */
export interface Orphans {
  readonly frontends: Map<string, string | undefined>
  readonly services: Map<bigint, string | undefined>
  readonly cursors: Map<bigint, string | undefined>
  readonly workloads: Map<string, string | undefined>
}

export interface Wanted {
  readonly fragments: Map<string, Fragment>
  /** did not fit: what is held of them stays, and nothing is written */
  readonly kept: Map<string, Fragment>
  readonly frontends: Map<string, string>
  readonly services: Map<bigint, string>
  readonly cursors: Map<bigint, string>
  readonly workloads: Map<string, string>
  readonly orphans: Orphans
}

export function emptyWanted(): Wanted {
  const owners = { frontends: new Map(), services: new Map(), cursors: new Map(), workloads: new Map() }
  const orphans = { frontends: new Map(), services: new Map(), cursors: new Map(), workloads: new Map() }
  return { fragments: new Map(), kept: new Map(), ...owners, orphans }
}

export interface Compilation {
  readonly fragments: ReadonlyMap<string, Fragment>
  readonly refused: ReadonlyMap<string, Fragment>
}

/**
 * @param dirty gets the parts of what must be written, and loses what is wanted no more
 * @returns whether entries that were kept for a fragment may have lost their owner unseen
 */
export function want(wanted: Wanted, { fragments, refused }: Compilation, dirty: Map<string, Parts>): boolean {
  const gone: string[] = []
  let freed = false
  for (const key of wanted.fragments.keys()) if (!fragments.has(key) && !refused.has(key)) gone.push(key)
  for (const key of gone) {
    replace(wanted, key, undefined)
    dirty.delete(key)
  }
  for (const [key, fragment] of fragments) {
    if (wanted.fragments.get(key) === fragment) continue
    const parts = takeApart(fragment)
    replace(wanted, key, parts)
    dirty.set(key, parts)
  }
  for (const [key, fragment] of wanted.kept) {
    if (refused.get(key) === fragment) continue
    wanted.kept.delete(key)
    if (!wanted.fragments.has(key)) claim(wanted, takeApart(fragment), 'give up')
    freed = true
  }
  for (const [key, fragment] of refused) {
    // With an older state known, that one goes on being wanted.
    if (wanted.fragments.has(key) || wanted.kept.has(key)) continue
    wanted.kept.set(key, fragment)
    claim(wanted, takeApart(fragment), 'take')
  }
  return freed
}

function replace(wanted: Wanted, key: string, parts: Parts | undefined): void {
  const before = wanted.fragments.get(key)
  if (before !== undefined) claim(wanted, takeApart(before), 'give up')
  if (parts === undefined) wanted.fragments.delete(key)
  else {
    wanted.fragments.set(key, parts.fragment)
    claim(wanted, parts, 'take')
  }
}

function claim(wanted: Wanted, { fragment: { key: owner }, ...parts }: Parts, how: 'take' | 'give up'): void {
  const change = <K>(owners: Map<K, string>, orphans: Map<K, string | undefined>, key: K) => {
    if (how === 'take') {
      owners.set(key, owner)
      orphans.delete(key)
    } else if (owners.get(key) === owner) {
      owners.delete(key)
      orphans.set(key, owner)
    }
  }
  const { orphans } = wanted
  for (const { key } of parts.frontends) change(wanted.frontends, orphans.frontends, key)
  for (const { id } of parts.services) change(wanted.services, orphans.services, id)
  for (const { id } of parts.cursors) change(wanted.cursors, orphans.cursors, id)
  for (const { key } of parts.workloads) change(wanted.workloads, orphans.workloads, key)
}

/** After adoption: everything held that nobody wants. */
export function findOrphans(wanted: Wanted, held: Held): void {
  const { orphans } = wanted
  const isKept = (service: bigint) => wanted.kept.has(wanted.services.get(service) ?? '')
  for (const [key, { services }] of held.frontends) {
    if (!wanted.frontends.has(key) && !services.some(isKept)) orphans.frontends.set(key, undefined)
  }
  for (const id of held.services.keys()) if (!wanted.services.has(id)) orphans.services.set(id, undefined)
  for (const id of held.cursors.keys()) {
    if (!wanted.cursors.has(id) && !isKept(id)) orphans.cursors.set(id, undefined)
  }
  for (const key of held.workloads.keys()) if (!wanted.workloads.has(key)) orphans.workloads.set(key, undefined)
}
