/** Table entries by hand: one service with its endpoints, without the compiler. */
import { addressBytes, isIpv4 } from '../../controller/abi/address.ts'
import { Balance, maps } from '../../controller/abi/layouts.generated.ts'
import { pack } from '../../controller/abi/packed.ts'
import type { MapStore } from '../../controller/reconcile/store.ts'

export interface Address {
  readonly ip: string
  readonly port: number
}

export interface TestService {
  readonly id: bigint
  readonly vip: Address
  readonly protocol: number
  readonly endpoints: readonly Address[]
}

export const TCP = 6
export const UDP = 17

export function bytesOf(ip: string): Uint8Array {
  const bytes = addressBytes(ip)
  if (bytes === undefined) throw new Error(`${ip} is no address`)
  return bytes
}

/** In the order that is safe for readers: slots, service, frontend. */
export function writeService(store: MapStore, { id, vip, protocol, endpoints }: TestService): void {
  const set = id * 16n + BigInt(endpoints.length)
  const slots = endpoints.map(({ ip, port }, slot) => {
    const value = { set, ip: bytesOf(ip), port, flags: 0, threshold: 2 ** 32 - 1, alias: 0 }
    return [
      { set, slot },
      { ...value, endpoint: BigInt(slot + 1), workload: 0n, setAgain: set },
    ] as const
  })
  if (slots.length > 0) store.update('slots', pack(maps.slots, slots))
  const some = { id: set, count: endpoints.length }
  const none = { id: 0n, count: 0 }
  const v4 = isIpv4(bytesOf(vip.ip))
  const sets = { v4: v4 ? some : none, v6: v4 ? none : some }
  const service = { id, ...sets, balance: Balance.BALANCE_RANDOM, affinitySeconds: 0, flags: 0, idAgain: id }
  store.update('services', pack(maps.services, [[id, service]]))
  const self = { vip: bytesOf(vip.ip), port: vip.port, protocol }
  store.update('frontends', pack(maps.frontends, [[self, { service: id, self, serviceAgain: id }]]))
}

/** All tables as bytes, to compare. */
export function dumpAll(store: MapStore): Record<string, string> {
  const text = (table: string): string => {
    const { count, keys, values } = store.dump(table)
    const entry = (at: number, bytes: Uint8Array) =>
      Buffer.from(bytes.subarray((at * bytes.length) / count, ((at + 1) * bytes.length) / count)).toString('hex')
    return Array.from({ length: count }, (_, at) => `${entry(at, keys)} ${entry(at, values)}`)
      .sort()
      .join('\n')
  }
  const tables = ['members', 'frontends', 'services', 'slots', 'set_members', 'workloads', 'nameservers', 'settings']
  return Object.fromEntries(tables.map((table) => [table, text(table)]))
}
