/** Writes services into the maps, as the controller would. Ids are numbers that the test chooses or hashes of content. */
import { createHash } from 'node:crypto'
import { addressBytes } from '../../controller/abi/address.ts'
import {
  Balance,
  type FrontendKey,
  type MemberKind,
  ServiceFlags,
  SlotFlags,
} from '../../controller/abi/layouts.generated.ts'
import type { Lane } from './lane.ts'

export const TCP = 6
export const UDP = 17

export interface Target {
  readonly address: string
  readonly port: number
  readonly weight?: number
  /** this share of the weights leads to nothing */
  readonly refuse?: true
}

export interface ServiceSpec {
  readonly vips: readonly string[]
  readonly port: number
  readonly protocols?: readonly number[]
  readonly v4?: readonly Target[]
  readonly v6?: readonly Target[]
  readonly balance?: Balance
  readonly affinitySeconds?: number
}

export const idOf = (text: string): bigint => createHash('sha256').update(text).digest().readBigUInt64LE()

export function bytesOf(address: string): Uint8Array {
  const bytes = addressBytes(address)
  if (bytes === undefined) throw new Error(`${address} is no address`)
  return bytes
}

export const frontendKey = (vip: string, port: number, protocol: number): FrontendKey => ({
  vip: bytesOf(vip),
  port,
  protocol,
})

export const endpointId = ({ address, port }: Target): bigint => idOf(`endpoint ${address} ${port}`)
export const workloadId = ({ address, port }: Target): bigint => idOf(`workload ${address} ${port}`)

interface Column {
  threshold: number
  alias: number
}

/** An alias table, the slow and simple way: the lowest column is filled up by the highest, until all are level. */
function columnsOf(weights: readonly number[]): readonly Column[] {
  const mean = weights.reduce((sum, weight) => sum + weight, 0) / weights.length
  const rest = weights.map((weight) => weight / mean)
  const columns = rest.map((_, i) => ({ threshold: 0xffffffff, alias: i }))
  const open = new Set(columns.keys())
  while (open.size > 1) {
    const byHeight = [...open].sort((a, b) => (rest[a] ?? 0) - (rest[b] ?? 0))
    const [low = 0, high = 0] = [byHeight[0], byHeight.at(-1)]
    const fill = rest[low] ?? 0
    if (fill < 1) columns[low] = { threshold: Math.floor(fill * 2 ** 32), alias: high }
    rest[high] = (rest[high] ?? 0) - (1 - fill)
    open.delete(low)
  }
  return columns
}

/** Writes the slots of a set. @returns what a service needs to point to it */
export function putSet(lane: Lane, targets: readonly Target[] = []): { id: bigint; count: number } {
  const id = targets.length === 0 ? 0n : idOf(JSON.stringify(targets))
  const columns = columnsOf(targets.map(({ weight = 1 }) => weight))
  for (const [slot, target] of targets.entries()) {
    lane.put(
      'slots',
      { set: id, slot },
      {
        set: id,
        ip: bytesOf(target.address),
        port: target.port,
        flags: target.refuse === true ? SlotFlags.SLOT_REFUSE : 0,
        threshold: columns[slot]?.threshold ?? 0,
        alias: columns[slot]?.alias ?? 0,
        endpoint: endpointId(target),
        workload: workloadId(target),
        setAgain: id,
      },
    )
    if (target.refuse !== true) lane.put('set_members', { set: id, endpoint: endpointId(target) }, slot)
  }
  return { id, count: targets.length }
}

export function deleteSet(lane: Lane, targets: readonly Target[]): void {
  const id = idOf(JSON.stringify(targets))
  for (const [slot, target] of targets.entries()) {
    lane.delete('slots', { set: id, slot })
    lane.delete('set_members', { set: id, endpoint: endpointId(target) })
  }
}

/** Writes or changes a service: sets, then the service, then its addresses. @returns its id */
export function putService(lane: Lane, spec: ServiceSpec): bigint {
  const id = idOf(`service ${spec.vips.join()} ${spec.port}`)
  if (spec.balance === Balance.BALANCE_ROUND_ROBIN && lane.get('cursors', id) === undefined) {
    lane.put('cursors', id, { next: 0n })
  }
  lane.put('services', id, {
    id,
    v4: putSet(lane, spec.v4),
    v6: putSet(lane, spec.v6),
    balance: spec.balance ?? Balance.BALANCE_RANDOM,
    affinitySeconds: spec.affinitySeconds ?? 0,
    flags: spec.affinitySeconds === undefined ? 0 : ServiceFlags.SERVICE_SET_MEMBERS,
    idAgain: id,
  })
  for (const vip of spec.vips) {
    for (const protocol of spec.protocols ?? [TCP, UDP]) {
      const key = frontendKey(vip, spec.port, protocol)
      lane.put('frontends', key, { service: id, self: key, serviceAgain: id })
    }
  }
  return id
}

export interface MemberSpec {
  readonly flags?: number
  readonly workload?: bigint
  readonly dnsPort?: number
}

export function enrol(
  lane: Lane,
  kind: MemberKind,
  id: bigint,
  { flags = 0, workload = 0n, dnsPort = 0 }: MemberSpec = {},
): void {
  lane.put('members', { id, kind }, { workload, flags, dnsPort })
}
