/**
 * What the compiler makes of one service (or of some workloads): the packed entries that belong together, as plain
 * data that can be serialised. A fragment whose inputs did not change stays the same object.
 */
import { NO_ENTRIES, type PackedEntries } from '../abi/packed.ts'
import type { Table } from '../abi/tables.ts'
import type { Place, Problem } from '../model/problem.ts'
import type { Protocol } from '../model/service.ts'

export interface Fragment {
  /** `service default/reviews.default.svc.cluster.local`, `workloads 7f` */
  readonly key: string
  /** whom a problem with it is about */
  readonly about: { readonly resource: string; readonly place?: Place }
  readonly frontends: PackedEntries
  readonly services: PackedEntries
  readonly sets: readonly SlotSet[]
  /** one for each service that takes turns */
  readonly cursors: PackedEntries
  readonly workloads: PackedEntries
  /** entries in each table */
  readonly sizes: Readonly<Record<Table, number>>
  /** what the ids in `services` stand for, in the same order */
  readonly names: readonly ServiceName[]
  readonly problems: readonly Problem[]
  /** another node may get another result: locality, hints or a Local traffic policy counted */
  readonly nodeDependent: boolean
}

/** The endpoints of one address family, named by their content. Several services may point to one set. */
export interface SlotSet {
  readonly id: bigint
  readonly slots: PackedEntries
  /** only for services with session affinity */
  readonly members: PackedEntries
}

/** Who a kernel service is. */
export interface ServiceName {
  readonly id: bigint
  /** `default/reviews:http`; with `@...` where the addresses of one port lead to different places */
  readonly label: string
  readonly namespace: string
  readonly name: string
  readonly hostname: string
  readonly port: number
  readonly portName: string
  readonly protocol: Protocol
}

/** Fills in what was not given. */
export function makeFragment(parts: Pick<Fragment, 'key' | 'about'> & Partial<Omit<Fragment, 'sizes'>>): Fragment {
  const { key, about, frontends = NO_ENTRIES, services = NO_ENTRIES, sets = [], cursors = NO_ENTRIES } = parts
  const { workloads = NO_ENTRIES, names = [], problems = [], nodeDependent = false } = parts
  const sizes = {
    frontends: frontends.count,
    services: services.count,
    slots: sets.reduce((sum, { slots }) => sum + slots.count, 0),
    set_members: sets.reduce((sum, { members }) => sum + members.count, 0),
    cursors: cursors.count,
    workloads: workloads.count,
  }
  return { key, about, frontends, services, sets, cursors, workloads, sizes, names, problems, nodeDependent }
}
