/** Weighted branches to sets of slots: one alias-table column for each endpoint, and one for what is refused. */
import { maps, type Slot, SlotFlags } from '../abi/layouts.generated.ts'
import { allocate, NO_ENTRIES, type PackedEntries, pack, viewOf } from '../abi/packed.ts'
import type { NodeView } from '../model/mesh.ts'
import type { Endpoint } from '../model/service.ts'
import { type AliasTable, aliasTable } from './alias.ts'
import { type Candidate, type Families, type Selection, selectEndpoints } from './endpoints.ts'
import type { SlotSet } from './fragment.ts'
import { bytesId } from './ids.ts'
import { placeOf, type Report } from './report.ts'
import type { Branch } from './routes.ts'
import { combineShares, type Shares } from './shares.ts'

const NOWHERE = new Uint8Array(16)

export interface BuiltSets extends Families<SlotSet | undefined> {
  readonly nodeDependent: boolean
}

export interface SetOptions {
  /** list where each endpoint is, for session affinity */
  readonly members: boolean
  /** asked for by an external or node address, and no rule says otherwise */
  readonly outside: boolean
  readonly view: NodeView
}

export function setsOf(branches: readonly Branch[], options: SetOptions, report: Report): BuiltSets {
  const selections = branches.map(({ target }): Selection => {
    if (target === undefined) return NOTHING
    const { service, port, subset } = target
    const reject = (endpoint: Endpoint, reason: string) => {
      const message = `endpoint ${endpoint.address} is left out: ${reason}`
      report({ ...placeOf(service), severity: 'error', field: '', message })
    }
    const labels = subset?.labels ?? {}
    return selectEndpoints({ service, port, labels, outside: options.outside, reject }, options.view)
  })
  const build = (candidatesOf: (selection: Selection) => readonly Candidate[]) => {
    const portions = branches.map(({ weight }, i) => ({ weight, candidates: candidatesOf(selections[i] ?? NOTHING) }))
    return buildSet(combineShares(portions), options.members)
  }
  return {
    v4: build(({ v4 }) => v4),
    v6: build(({ v6 }) => v6),
    nodeDependent: selections.some(({ nodeDependent }) => nodeDependent),
  }
}

const NOTHING: Selection = { v4: [], v6: [], nodeDependent: false }

/** @returns undefined where nothing would ever be reached */
export function buildSet(shares: Shares, withMembers: boolean): SlotSet | undefined {
  if (shares.candidates.length === 0) return undefined
  const table = aliasTable(shares.refused > 0n ? [...shares.shares, shares.refused] : shares.shares)
  const slots = allocate(maps.slots, table.threshold.length)
  // The id is that of the content, so the content is written without it first.
  writeSlots(slots, shares, table, 0n)
  const id = bytesId('set', slots.values)
  writeSlots(slots, shares, table, id)
  const members = shares.candidates.map((candidate, slot) => [{ set: id, endpoint: candidate.id }, slot] as const)
  return { id, slots, members: withMembers ? pack(maps.set_members, members) : NO_ENTRIES }
}

function writeSlots(to: PackedEntries, { candidates }: Shares, { threshold, alias }: AliasTable, set: bigint): void {
  const [keys, values] = [viewOf(to.keys), viewOf(to.values)]
  for (let slot = 0; slot < to.count; slot++) {
    const candidate = candidates[slot]
    const value: Slot = {
      set,
      ip: candidate?.ip ?? NOWHERE,
      port: candidate?.port ?? 0,
      flags: candidate === undefined ? SlotFlags.SLOT_REFUSE : 0,
      threshold: threshold[slot] ?? 0,
      alias: alias[slot] ?? slot,
      endpoint: candidate?.id ?? 0n,
      workload: candidate?.workload ?? 0n,
      setAgain: set,
    }
    maps.slots.key.write({ set, slot }, keys, slot * maps.slots.key.size)
    maps.slots.value.write(value, values, slot * maps.slots.value.size)
  }
}
