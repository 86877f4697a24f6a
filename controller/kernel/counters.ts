/** Counters that the programs keep for each CPU, summed. */
import type { BpfMap } from '../../native/index.ts'
import { decode } from '../abi/codec.ts'
import { Traffic, TrafficKey, verdictNames } from '../abi/layouts.generated.ts'

export type VerdictName = (typeof verdictNames)[number]

export interface TrafficEntry {
  readonly key: TrafficKey
  readonly value: Traffic
}

/** How often each verdict was given, since the maps were made. */
export function readVerdicts(map: BpfMap): Record<VerdictName, bigint> {
  const { count, keys, values } = map.dump()
  const verdicts = viewOf(keys)
  const names = Object.values(verdictNames)
  const counts = Object.fromEntries(names.map((name) => [name, 0n])) as Record<VerdictName, bigint>
  for (let entry = 0; entry < count; entry++) {
    const name = verdictNames[verdicts.getUint32(entry * map.keySize, true)]
    const [total] = sumCpus(values.subarray(entry * map.valueSize, (entry + 1) * map.valueSize), 8)
    if (name !== undefined && total !== undefined) counts[name] = total
  }
  return counts
}

export function readTraffic(map: BpfMap): TrafficEntry[] {
  const { count, keys, values } = map.dump()
  return Array.from({ length: count }, (_, entry) => {
    const sums = sumCpus(values.subarray(entry * map.valueSize, (entry + 1) * map.valueSize), Traffic.size)
    return {
      key: decode(TrafficKey, keys.subarray(entry * map.keySize, (entry + 1) * map.keySize)),
      value: decode(Traffic, new Uint8Array(sums.buffer)),
    }
  })
}

/** @param size of one CPU's value, all of it 64-bit counters */
function sumCpus(values: Uint8Array, size: number): BigUint64Array<ArrayBuffer> {
  const words = size / 8
  const view = viewOf(values)
  const sums = new BigUint64Array(words)
  for (let at = 0; at < values.length; at += 8) {
    const word = (at / 8) % words
    sums[word] = (sums[word] ?? 0n) + view.getBigUint64(at, true)
  }
  return sums
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
