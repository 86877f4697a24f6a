/** A dump as lines, the same for the same content: one for each entry, in an order that people can follow. */
import { addressBytes, hostText } from '../abi/address.ts'
import type { Dump, DumpedService, DumpedSet, DumpedSlot, Named, SetName } from './dump.ts'

/** @returns lines that begin with the name of the table */
export function dumpLines(dump: Dump): string[] {
  const slots = new Map(dump.slots.map((slot) => [`${slot.set.id} ${slot.slot}`, slot]))
  const endpointOf = (set: SetName, slot: number) => {
    const found = slots.get(`${set.id} ${slot}`)
    return found === undefined ? 'nothing' : host(found)
  }
  return [
    ...table(
      'frontends',
      dump.frontends.map((f) => `${host(f)}/${f.protocol} -> ${nameOf(f.service)}`),
    ),
    ...table('services', dump.services.map(serviceLine)),
    ...table('slots', dump.slots.map(slotLine)),
    ...table(
      'set_members',
      dump.setMembers.map(({ set, slot }) => `${setOf(set)} ${endpointOf(set, slot)} is slot ${slot}`),
    ),
    ...table('cursors', dump.cursors.map(nameOf)),
    ...table(
      'workloads',
      dump.workloads.map(({ address, workload }) => `${address} -> ${nameOf(workload)}`),
    ),
  ]
}

const WIDTH = 'set_members'.length + 1

function table(name: string, lines: readonly string[]): string[] {
  return lines.toSorted(naturally).map((line) => name.padEnd(WIDTH) + line)
}

/** Numbers by their value: 10.0.0.9 before 10.0.0.10. The locale must not matter. */
function naturally(a: string, b: string): number {
  const [left, right] = [a.match(PARTS) ?? [], b.match(PARTS) ?? []]
  for (let i = 0; i < left.length || i < right.length; i++) {
    const [x = '', y = ''] = [left[i], right[i]]
    if (x === y) continue
    const [m, n] = [Number(x), Number(y)]
    return x !== '' && y !== '' && m !== n && Number.isFinite(m) && Number.isFinite(n) ? m - n : x < y ? -1 : 1
  }
  return 0
}

const PARTS = /\d+|\D+/g

function serviceLine({ service, v4, v6, balance, affinitySeconds, socketLane }: DumpedService): string {
  const words = [nameOf(service), `v4=${count(v4)}`, `v6=${count(v6)}`, `balance=${balance}`]
  if (affinitySeconds > 0) words.push(`affinity=${affinitySeconds}s`)
  if (!socketLane) words.push('socket-lane=off')
  return words.join(' ')
}

function slotLine(slot: DumpedSlot): string {
  const share = `${Number((slot.share * 100).toFixed(4))}%`
  if (slot.refused) return `${setOf(slot.set)} refused ${share}`
  const workload = /^0+$/.test(slot.workload.id) ? '' : ` ${nameOf(slot.workload)}`
  return `${setOf(slot.set)} ${host(slot)} ${share}${workload}`
}

function count({ slots, complete }: DumpedSet): string {
  return complete ? String(slots) : `${slots}(missing)`
}

function setOf({ id, of }: SetName): string {
  const [first, ...others] = of
  if (first === undefined) return `set-${id}`
  return others.length === 0 ? first : `${first}(+${others.length})`
}

function nameOf({ id, name }: Named): string {
  return name ?? id
}

function host({ address, port }: { readonly address: string; readonly port: number }): string {
  const bytes = addressBytes(address)
  return `${bytes === undefined ? address : hostText(bytes)}:${port}`
}
