/** What two services cannot both have: an address and port, or an id. The first one has it, the other is told. */
import { hostText } from '../abi/address.ts'
import { maps } from '../abi/layouts.generated.ts'
import { keyText, pack, sameBytes, unpack, viewOf } from '../abi/packed.ts'
import { protocolName } from '../abi/protocol.ts'
import type { Problem } from '../model/problem.ts'
import { type Fragment, makeFragment, type ServiceName } from './fragment.ts'

export interface Claims {
  /** by fragment key */
  readonly losses: ReadonlyMap<string, Loss>
  readonly names: ReadonlyMap<bigint, ServiceName>
}

export interface Loss {
  /** indices of frontends; `all`: nothing of the fragment can be in force */
  readonly lost: ReadonlySet<number> | 'all'
  readonly problems: readonly Problem[]
}

/** @param fragments the first ones have the precedence */
export function settleClaims(fragments: readonly Fragment[]): Claims {
  const names = new Map<bigint, ServiceName>()
  const owners = new Map<string, Fragment>()
  const losses = new Map<string, Loss>()
  const keySize = maps.frontends.key.size
  for (const fragment of fragments) {
    const collision = claimIds(fragment, names)
    if (collision !== undefined) {
      losses.set(fragment.key, { lost: 'all', problems: [collision] })
      continue
    }
    const { count, keys } = fragment.frontends
    const view = viewOf(keys)
    const lost = new Map<number, Fragment>()
    for (let i = 0; i < count; i++) {
      const key = keyText(view, i * keySize, keySize)
      const owner = owners.get(key)
      if (owner === undefined) owners.set(key, fragment)
      else lost.set(i, owner)
    }
    if (lost.size === 0) continue
    losses.set(fragment.key, {
      lost: new Set(lost.keys()),
      problems: duplicates(fragment, withoutSiblings(fragment, lost)),
    })
  }
  return { losses, names }
}

/** Ids are hashes of names: two names may meet, if hardly ever. */
function claimIds(fragment: Fragment, names: Map<bigint, ServiceName>): Problem | undefined {
  const taken = fragment.names.find(({ id }) => names.has(id))
  if (taken === undefined) {
    for (const name of fragment.names) names.set(name.id, name)
    return undefined
  }
  const message = `${taken.label} has the same id as ${names.get(taken.id)?.label}: it is not in force. Give it another name`
  return { ...fragment.about, severity: 'error', field: '', message }
}

/** What remains of a fragment. */
export function withoutLoss(fragment: Fragment, { lost }: Loss): Fragment | undefined {
  if (lost === 'all') return undefined
  const entries = unpack(maps.frontends, fragment.frontends)
  const remaining = entries.filter((_, i) => !lost.has(i))
  return makeFragment({ ...fragment, frontends: pack(maps.frontends, remaining) })
}

/** Would both settle their claims alike? */
export function sameClaims(a: Fragment, b: Fragment): boolean {
  return (
    a === b ||
    (sameBytes(a.frontends.values, b.frontends.values) &&
      sameAbout(a, b) &&
      a.names.length === b.names.length &&
      a.names.every((name, i) => sameName(name, b.names[i])))
  )
}

function sameAbout({ about: a }: Fragment, { about: b }: Fragment): boolean {
  return a.resource === b.resource && a.place?.file === b.place?.file && a.place?.line === b.place?.line
}

/** The other parts are part of the id. */
function sameName(a: ServiceName, b: ServiceName | undefined): boolean {
  return a.id === b?.id && a.label === b.label
}

/** Hosts of one ServiceEntry share its addresses and its endpoints: nobody loses anything. */
function withoutSiblings(fragment: Fragment, lost: ReadonlyMap<number, Fragment>): ReadonlyMap<number, Fragment> {
  const { resource } = fragment.about
  return new Map([...lost].filter(([, owner]) => owner === fragment || owner.about.resource !== resource))
}

function duplicates(fragment: Fragment, lost: ReadonlyMap<number, Fragment>): Problem[] {
  const entries = unpack(maps.frontends, fragment.frontends)
  const byOwner = new Map<Fragment, string[]>()
  for (const [i, owner] of lost) {
    const self = entries[i]?.[0]
    if (self === undefined) continue
    const text = `${hostText(self.vip)}:${self.port}/${protocolName(self.protocol)}`
    byOwner.set(owner, [...(byOwner.get(owner) ?? []), text])
  }
  return Array.from(byOwner, ([owner, texts]) => duplicate(fragment, owner, texts))
}

const SHOWN = 3

function duplicate(fragment: Fragment, owner: Fragment, texts: readonly string[]): Problem {
  const shown = texts.slice(0, SHOWN).join(', ')
  const more = texts.length > SHOWN ? ` and ${texts.length - SHOWN} more` : ''
  const many = texts.length > 1
  const whose =
    owner === fragment
      ? `${many ? 'are' : 'is'} there twice: the first port has ${many ? 'them' : 'it'}`
      : `already belong${many ? '' : 's'} to ${owner.about.resource}, which keeps ${many ? 'them' : 'it'}`
  return { ...fragment.about, severity: 'error', field: '', message: `${shown}${more} ${whose}` }
}
