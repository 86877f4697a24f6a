/** Many entries of one map as two runs of bytes: what crosses to the kernel in one call. */
import type { Codec } from './codec.ts'

export interface PackedEntries {
  readonly count: number
  /** `count` keys, one after the other */
  readonly keys: Uint8Array
  readonly values: Uint8Array
}

export const NO_ENTRIES: PackedEntries = { count: 0, keys: new Uint8Array(0), values: new Uint8Array(0) }

/** Bytes of a map's keys and values. */
export interface EntrySizes {
  readonly key: { readonly size: number }
  readonly value: { readonly size: number }
}

/** The codecs of one map, as in `maps` of the generated layouts. */
export interface EntryCodec<K, V> {
  readonly key: Codec<K>
  readonly value: Codec<V>
}

export function pack<K, V>(codec: EntryCodec<K, V>, entries: readonly (readonly [K, V])[]): PackedEntries {
  if (entries.length === 0) return NO_ENTRIES
  const packed = allocate(codec, entries.length)
  const view = new DataView(packed.keys.buffer)
  const values = packed.keys.length
  entries.forEach(([key, value], i) => {
    codec.key.write(key, view, i * codec.key.size)
    codec.value.write(value, view, values + i * codec.value.size)
  })
  return packed
}

/** @returns zeros; keys and values lie in one buffer, in this order: a large mesh has many of them */
export function allocate({ key, value }: EntryCodec<unknown, unknown> | EntrySizes, count: number): PackedEntries {
  const buffer = new ArrayBuffer(count * (key.size + value.size))
  return { count, keys: new Uint8Array(buffer, 0, count * key.size), values: new Uint8Array(buffer, count * key.size) }
}

/** @throws RangeError when the sizes are not those of the map: entries of another layout */
export function unpack<K, V>(codec: EntryCodec<K, V>, { count, keys, values }: PackedEntries): [K, V][] {
  if (keys.length !== count * codec.key.size || values.length !== count * codec.value.size) {
    throw new RangeError(`${count} entries of ${keys.length} + ${values.length} bytes: not of this layout`)
  }
  const [keyView, valueView] = [viewOf(keys), viewOf(values)]
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

/** Some entries of a run: `count` from the `from`th on. */
export interface Part {
  readonly of: PackedEntries
  readonly from: number
  readonly count: number
}

export function wholeOf(of: PackedEntries): Part {
  return { of, from: 0, count: of.count }
}

/** Parts that follow one another are copied as one. */
export function joinParts({ key, value }: EntrySizes, parts: readonly Part[]): PackedEntries {
  const [first] = parts
  if (parts.length === 1 && first !== undefined && first.count === first.of.count) return first.of
  const all = allocate(
    { key, value },
    parts.reduce((sum, { count }) => sum + count, 0),
  )
  let done = 0
  for (let i = 0; i < parts.length; ) {
    const { of, from } = parts[i] as Part
    let end = from
    for (let next = parts[i]; next?.of === of && next.from === end; next = parts[++i]) end += next.count
    all.keys.set(of.keys.subarray(from * key.size, end * key.size), done * key.size)
    all.values.set(of.values.subarray(from * value.size, end * value.size), done * value.size)
    done += end - from
  }
  return all
}

export function sameValues({ value: { size } }: EntrySizes, a: Part, b: Part): boolean {
  if (a.count !== b.count) return false
  for (let i = 0; i < a.count * size; i++) {
    if (a.of.values[a.from * size + i] !== b.of.values[b.from * size + i]) return false
  }
  return true
}

/** A key of bytes as a key of a Map: half as many characters as bytes, which must be even. */
export function keyText(keys: DataView, at: number, size: number): string {
  units.length = size / 2
  for (let i = 0; i < size; i += 2) units[i / 2] = keys.getUint16(at + i)
  return String.fromCharCode.apply(null, units)
}

const units: number[] = []

export function keyBytes(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length * 2)
  for (let i = 0; i < text.length; i++) {
    bytes[2 * i] = text.charCodeAt(i) >> 8
    bytes[2 * i + 1] = text.charCodeAt(i)
  }
  return bytes
}

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}

export function samePacked(a: PackedEntries, b: PackedEntries): boolean {
  return a.count === b.count && sameBytes(a.keys, b.keys) && sameBytes(a.values, b.values)
}
