/** Many entries of one map as two runs of bytes: what crosses to the kernel in one call. */
import type { Codec } from './codec.ts'

export interface PackedEntries {
  readonly count: number
  /** `count` keys, one after the other */
  readonly keys: Uint8Array
  readonly values: Uint8Array
}

export const NO_ENTRIES: PackedEntries = { count: 0, keys: new Uint8Array(0), values: new Uint8Array(0) }

/** The codecs of one map, as in `maps` of the generated layouts. */
export interface EntryCodec<K, V> {
  readonly key: Codec<K>
  readonly value: Codec<V>
}

export function pack<K, V>(codec: EntryCodec<K, V>, entries: readonly (readonly [K, V])[]): PackedEntries {
  if (entries.length === 0) return NO_ENTRIES
  const keys = new Uint8Array(entries.length * codec.key.size)
  const values = new Uint8Array(entries.length * codec.value.size)
  const keyView = new DataView(keys.buffer)
  const valueView = new DataView(values.buffer)
  for (const [i, [key, value]] of entries.entries()) {
    codec.key.write(key, keyView, i * codec.key.size)
    codec.value.write(value, valueView, i * codec.value.size)
  }
  return { count: entries.length, keys, values }
}

/** @throws RangeError when the sizes are not those of the map: entries of another layout */
export function unpack<K, V>(codec: EntryCodec<K, V>, { count, keys, values }: PackedEntries): [K, V][] {
  if (keys.length !== count * codec.key.size || values.length !== count * codec.value.size) {
    throw new RangeError(`${count} entries of ${keys.length} + ${values.length} bytes: not of this layout`)
  }
  const keyView = new DataView(keys.buffer, keys.byteOffset, keys.byteLength)
  const valueView = new DataView(values.buffer, values.byteOffset, values.byteLength)
  const entries: [K, V][] = []
  for (let i = 0; i < count; i++) {
    entries.push([codec.key.read(keyView, i * codec.key.size), codec.value.read(valueView, i * codec.value.size)])
  }
  return entries
}

export function concatPacked(list: readonly PackedEntries[]): PackedEntries {
  if (list.length === 1 && list[0] !== undefined) return list[0]
  return {
    count: list.reduce((sum, { count }) => sum + count, 0),
    keys: concatBytes(list.map(({ keys }) => keys)),
    values: concatBytes(list.map(({ values }) => values)),
  }
}

export function concatBytes(pieces: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0))
  let at = 0
  for (const piece of pieces) {
    all.set(piece, at)
    at += piece.length
  }
  return all
}

export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}

export function samePacked(a: PackedEntries, b: PackedEntries): boolean {
  return a.count === b.count && sameBytes(a.keys, b.keys) && sameBytes(a.values, b.values)
}
