/**
 * Reads the tables as the kernel's programs do (frontend, service, slots of a set), but wholly: not one random endpoint,
 * but each with its share. What a program could trip over is told as `broken: ...`.
 */
import { addressText, hostText, isIpv4 } from '../../controller/abi/address.ts'
import { encode } from '../../controller/abi/codec.ts'
import {
  Balance,
  type FrontendKey,
  maps,
  ServiceFlags,
  type Slot,
  SlotFlags,
} from '../../controller/abi/layouts.generated.ts'
import { aliasShares } from '../../controller/compiler/alias.ts'
import { idText } from '../../controller/compiler/ids.ts'

export interface Lookup {
  lookup(table: string, key: Uint8Array): Uint8Array | undefined
}

/** @param key of the frontend, packed @returns what a client that asks for it can meet; `none`: it is left alone */
export function meet(store: Lookup, key: Uint8Array): string {
  const asked = maps.frontends.key.read(viewOf(key), 0)
  const frontendBytes = store.lookup('frontends', key)
  if (frontendBytes === undefined) return 'none'
  const frontend = maps.frontends.value.read(viewOf(frontendBytes), 0)
  if (frontend.service !== frontend.serviceAgain || textOf(frontend.self) !== textOf(asked))
    return 'broken: torn frontend'
  const service = read(store, maps.services, 'services', frontend.service)
  if (service === undefined) return 'broken: service is missing'
  if (service.id !== frontend.service || service.idAgain !== frontend.service) return 'broken: torn service'
  if (
    service.balance === Balance.BALANCE_ROUND_ROBIN &&
    read(store, maps.cursors, 'cursors', service.id) === undefined
  ) {
    return 'broken: cursor is missing'
  }
  const set = isIpv4(asked.vip) ? service.v4 : service.v6
  if (set.count === 0) return 'refused'
  const slots: Slot[] = []
  for (let slot = 0; slot < set.count; slot++) {
    const value = read(store, maps.slots, 'slots', { set: set.id, slot })
    if (value === undefined) return `broken: slot ${slot} of ${set.count} of set ${idText(set.id)} is missing`
    if (value.set !== set.id || value.setAgain !== set.id) return 'broken: torn slot'
    const isMember =
      (service.flags & ServiceFlags.SERVICE_SET_MEMBERS) !== 0 && (value.flags & SlotFlags.SLOT_REFUSE) === 0
    if (isMember && read(store, maps.set_members, 'set_members', { set: set.id, endpoint: value.endpoint }) !== slot) {
      return 'broken: endpoint is not listed as a member'
    }
    slots.push(value)
  }
  const shares = aliasShares({
    threshold: Uint32Array.from(slots, ({ threshold }) => threshold),
    alias: Uint32Array.from(slots, ({ alias }) => alias),
  })
  const targets = slots.map((slot, i) => {
    const where = (slot.flags & SlotFlags.SLOT_REFUSE) !== 0 ? 'refused' : `${hostText(slot.ip)}:${slot.port}`
    return `${where} ${((shares[i] ?? 0) * 100).toFixed(4)}%`
  })
  return `${service.balance} ${service.affinitySeconds} ${targets.sort().join(', ')}`
}

/** Every frontend of a dump, with what is met there. */
export function meetAll(
  store: Lookup & { dump(table: string): { count: number; keys: Uint8Array } },
): Map<string, string> {
  const { count, keys } = store.dump('frontends')
  const size = maps.frontends.key.size
  const met = new Map<string, string>()
  for (let i = 0; i < count; i++) {
    const key = keys.slice(i * size, (i + 1) * size)
    met.set(Buffer.from(key).toString('latin1'), meet(store, key))
  }
  return met
}

export function frontendText(key: string): string {
  return textOf(maps.frontends.key.read(viewOf(Buffer.from(key, 'latin1')), 0))
}

function textOf({ vip, port, protocol }: FrontendKey): string {
  return `${addressText(vip)}:${port}/${protocol}`
}

function read<K, V>(
  store: Lookup,
  {
    key: keyCodec,
    value: valueCodec,
  }: { key: Parameters<typeof encode<K>>[0]; value: Parameters<typeof encode<V>>[0] },
  table: string,
  key: K,
): V | undefined {
  const bytes = store.lookup(table, encode(keyCodec, key))
  return bytes && valueCodec.read(viewOf(bytes), 0)
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
