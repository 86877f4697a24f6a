/** Who wants what: so that an entry which one fragment gives up is not deleted under another. */

import { difference } from '../abi/difference.ts'
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
  /** by key; an older one where the latest did not fit */
  readonly fragments: Map<string, Fragment>
  /** keys of such older ones */
  readonly outlasting: Set<string>
  latest: readonly Fragment[]
  /** did not fit, and no older one is known: what is held of them stays, and nothing is written */
  readonly kept: Map<string, Fragment>
  readonly frontends: Map<string, string>
  readonly services: Map<bigint, string>
  readonly cursors: Map<bigint, string>
  readonly orphans: Orphans
}

export function emptyWanted(): Wanted {
  const owners = { frontends: new Map(), services: new Map(), cursors: new Map() }
  const orphans = { frontends: new Map(), services: new Map(), cursors: new Map(), workloads: new Map() }
  return { fragments: new Map(), outlasting: new Set(), latest: [], kept: new Map(), ...owners, orphans }
}

export interface Compilation {
  readonly fragments: readonly Fragment[]
  readonly refused: readonly Fragment[]
}

/**
 * @param dirty gets the parts of what must be written, and loses what is wanted no more
 * @returns whether entries that were kept for a fragment may have lost their owner unseen
 */
export function want(wanted: Wanted, { fragments, refused }: Compilation, dirty: Map<string, Parts>): boolean {
  const { removed, added } = difference(wanted.latest, fragments)
  wanted.latest = fragments
  const refusedNow = new Map(refused.map((fragment) => [fragment.key, fragment]))
  for (const fragment of added) {
    const parts = takeApart(fragment)
    replace(wanted, fragment.key, parts)
    dirty.set(fragment.key, parts)
  }
  // With an older state known, that one goes on being wanted.
  const candidates = [...removed.map(({ key }) => key), ...wanted.outlasting]
  wanted.outlasting.clear()
  const comeBack = new Set(added.map(({ key }) => key))
  for (const key of candidates) {
    if (comeBack.has(key)) continue
    if (refusedNow.has(key)) wanted.outlasting.add(key)
    else {
      replace(wanted, key, undefined)
      dirty.delete(key)
    }
  }

  let freed = false
  for (const [key, fragment] of wanted.kept) {
    if (refusedNow.get(key) === fragment) continue
    wanted.kept.delete(key)
    if (!wanted.fragments.has(key)) claim(wanted, takeApart(fragment), 'give up')
    freed = true
  }
  for (const fragment of refused) {
    if (wanted.fragments.has(fragment.key) || wanted.kept.has(fragment.key)) continue
    wanted.kept.set(fragment.key, fragment)
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
  // An address belongs to one shard of workloads for ever: nobody else can want it.
  for (const { key } of parts.workloads) {
    if (how === 'take') orphans.workloads.delete(key)
    else orphans.workloads.set(key, owner)
  }
}

/** After adoption: everything held that nobody wants. Whose it was follows from the service that it belongs to. */
export function findOrphans(wanted: Wanted, held: Held): void {
  const { orphans, services } = wanted
  const isKept = (service: bigint) => wanted.kept.has(services.get(service) ?? '')
  for (const [key, { services: targets }] of held.frontends) {
    if (wanted.frontends.has(key) || orphans.frontends.has(key) || targets.some(isKept)) continue
    orphans.frontends.set(
      key,
      targets.map((id) => services.get(id)).find((owner) => owner !== undefined),
    )
  }
  for (const id of held.services.keys()) {
    if (!services.has(id) && !orphans.services.has(id)) orphans.services.set(id, undefined)
  }
  for (const id of held.cursors.keys()) {
    if (wanted.cursors.has(id) || orphans.cursors.has(id) || isKept(id)) continue
    orphans.cursors.set(id, services.get(id))
  }
  const workloads = new Set<string>()
  for (const fragment of [...wanted.fragments.values(), ...wanted.kept.values()]) {
    for (const { key } of takeApart(fragment).workloads) workloads.add(key)
  }
  for (const key of held.workloads.keys()) {
    if (!workloads.has(key) && !orphans.workloads.has(key)) orphans.workloads.set(key, undefined)
  }
}
