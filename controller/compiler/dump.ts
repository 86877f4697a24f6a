/**
 * Tables as people read them: what `kmeshctl dump`, the scenario tests and bug reports show. This is the structured
 * form (plain JSON); dump-text.ts makes lines of it.
 */
import { addressText } from '../abi/address.ts'
import { balanceNames, maps, type Service, ServiceFlags, type Slot, SlotFlags } from '../abi/layouts.generated.ts'
import { type EntryCodec, NO_ENTRIES, type PackedEntries, unpack } from '../abi/packed.ts'
import { protocolName } from '../abi/protocol.ts'
import { aliasShares } from './alias.ts'
import type { Directory } from './directory.ts'
import { idText } from './ids.ts'

/** By the names of the maps. */
export type Tables = ReadonlyMap<string, PackedEntries>

export interface Dump {
  readonly frontends: readonly DumpedFrontend[]
  readonly services: readonly DumpedService[]
  readonly slots: readonly DumpedSlot[]
  readonly setMembers: readonly DumpedMember[]
  readonly cursors: readonly Named[]
  readonly workloads: readonly DumpedWorkload[]
}

export interface Named {
  /** 16 hex digits */
  readonly id: string
  /** absent: not in the directory */
  readonly name?: string
}

export interface DumpedFrontend {
  readonly address: string
  readonly port: number
  readonly protocol: string
  readonly service: Named
}

export interface DumpedService {
  readonly service: Named
  readonly v4: DumpedSet
  readonly v6: DumpedSet
  readonly balance: string
  /** 0: none */
  readonly affinitySeconds: number
  readonly socketLane: boolean
}

export interface DumpedSet {
  readonly id: string
  readonly slots: number
  /** the table `slots` has all of them */
  readonly complete: boolean
}

export interface DumpedSlot {
  readonly set: SetName
  readonly slot: number
  readonly address: string
  readonly port: number
  /** of the connections to this set, from 0 to 1 */
  readonly share: number
  readonly refused: boolean
  readonly endpoint: string
  readonly workload: Named
}

export interface DumpedMember {
  readonly set: SetName
  readonly endpoint: string
  readonly slot: number
}

export interface SetName {
  readonly id: string
  /** `default/reviews:http/v4`: services that point to it */
  readonly of: readonly string[]
}

export interface DumpedWorkload {
  readonly address: string
  readonly workload: Named
}

export function dumpTables(tables: Tables, directory: Directory): Dump {
  const services = entriesOf(tables, 'services', maps.services)
  const slots = entriesOf(tables, 'slots', maps.slots)
  const sets = groupBySet(slots.map(([{ set, slot }, value]) => ({ set, slot, value })))
  const serviceName = (id: bigint) => named(id, directory.service(id)?.label)
  const workloadName = (id: bigint) => {
    const workload = directory.workload(id)
    return named(id, workload && `${workload.namespace}/${workload.name}`)
  }
  const setName = nameSets(services, (id) => serviceName(id).name ?? idText(id))

  return {
    frontends: entriesOf(tables, 'frontends', maps.frontends).map(([{ vip, port, protocol }, { service }]) => ({
      address: addressText(vip),
      port,
      protocol: protocolName(protocol),
      service: serviceName(service),
    })),
    services: services.map(([id, service]) => dumpService(serviceName(id), service, sets)),
    slots: [...sets].flatMap(([set, content]) => dumpSet(setName(set), content, workloadName)),
    setMembers: entriesOf(tables, 'set_members', maps.set_members).map(([{ set, endpoint }, slot]) => ({
      set: setName(set),
      endpoint: idText(endpoint),
      slot,
    })),
    cursors: entriesOf(tables, 'cursors', maps.cursors).map(([id]) => serviceName(id)),
    workloads: entriesOf(tables, 'workloads', maps.workloads).map(([address, id]) => ({
      address: addressText(address),
      workload: workloadName(id),
    })),
  }
}

interface NumberedSlot {
  readonly set: bigint
  readonly slot: number
  readonly value: Slot
}

function entriesOf<K, V>(tables: Tables, name: string, codec: EntryCodec<K, V>): [K, V][] {
  return unpack(codec, tables.get(name) ?? NO_ENTRIES)
}

function named(id: bigint, name: string | undefined): Named {
  return name === undefined ? { id: idText(id) } : { id: idText(id), name }
}

function groupBySet(slots: readonly NumberedSlot[]): ReadonlyMap<bigint, NumberedSlot[]> {
  const sets = new Map<bigint, NumberedSlot[]>()
  for (const slot of slots) {
    const list = sets.get(slot.set)
    if (list === undefined) sets.set(slot.set, [slot])
    else list.push(slot)
  }
  for (const list of sets.values()) list.sort((a, b) => a.slot - b.slot)
  return sets
}

function nameSets(
  services: readonly (readonly [bigint, Service])[],
  label: (id: bigint) => string,
): (set: bigint) => SetName {
  const users = new Map<bigint, string[]>()
  for (const [id, { v4, v6 }] of services) {
    for (const [family, set] of [['v4', v4] as const, ['v6', v6] as const]) {
      if (set.count > 0) users.set(set.id, [...(users.get(set.id) ?? []), `${label(id)}/${family}`])
    }
  }
  return (set) => ({ id: idText(set), of: users.get(set)?.sort() ?? [] })
}

function dumpService(
  service: Named,
  entry: Service,
  sets: ReadonlyMap<bigint, readonly NumberedSlot[]>,
): DumpedService {
  const dumpedSet = ({ id, count }: Service['v4']): DumpedSet => ({
    id: idText(id),
    slots: count,
    complete: count === 0 || sets.get(id)?.length === count,
  })
  return {
    service,
    v4: dumpedSet(entry.v4),
    v6: dumpedSet(entry.v6),
    balance: (balanceNames[entry.balance] ?? String(entry.balance))
      .replace('BALANCE_', '')
      .toLowerCase()
      .replace('_', '-'),
    affinitySeconds: entry.affinitySeconds,
    socketLane: (entry.flags & ServiceFlags.SERVICE_NO_SOCKET_LANE) === 0,
  }
}

function dumpSet(set: SetName, slots: readonly NumberedSlot[], workloadName: (id: bigint) => Named): DumpedSlot[] {
  const shares = aliasShares({
    threshold: Uint32Array.from(slots, ({ value }) => value.threshold),
    alias: Uint32Array.from(slots, ({ value }) => value.alias),
  })
  return slots.map(({ slot, value }, i) => ({
    set,
    slot,
    address: addressText(value.ip),
    port: value.port,
    share: shares[i] ?? 0,
    refused: (value.flags & SlotFlags.SLOT_REFUSE) !== 0,
    endpoint: idText(value.endpoint),
    workload: workloadName(value.workload),
  }))
}
