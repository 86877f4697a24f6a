/** How a value crosses the border to the kernel. The codecs themselves are generated from BTF. */
export interface Codec<T> {
  /** bytes */
  readonly size: number
  write(value: T, to: DataView, at: number): void
  read(from: DataView, at: number): T
}

/** @returns a zeroed buffer with the value in it: padding never leaks, and keys compare equal */
export function encode<T>(codec: Codec<T>, value: T): Uint8Array {
  const bytes = new Uint8Array(codec.size)
  codec.write(value, new DataView(bytes.buffer), 0)
  return bytes
}

/** @throws RangeError when the length is not the type's: a map of another layout */
export function decode<T>(codec: Codec<T>, bytes: Uint8Array): T {
  if (bytes.length !== codec.size) throw new RangeError(`expected ${codec.size} bytes, got ${bytes.length}`)
  return codec.read(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), 0)
}

export const u32: Codec<number> = {
  size: 4,
  write: (value, to, at) => to.setUint32(at, value, true),
  read: (from, at) => from.getUint32(at, true),
}

export const u64: Codec<bigint> = {
  size: 8,
  write: (value, to, at) => to.setBigUint64(at, value, true),
  read: (from, at) => from.getBigUint64(at, true),
}

/** @throws RangeError on another length: an IPv4 address of 4 bytes would silently become another address */
export function putBytes(to: DataView, at: number, length: number, bytes: Uint8Array): void {
  if (bytes.length !== length) throw new RangeError(`expected ${length} bytes, got ${bytes.length}`)
  new Uint8Array(to.buffer, to.byteOffset + at, length).set(bytes)
}

/** @returns a copy: records of the ring buffer are overwritten */
export function getBytes(from: DataView, at: number, length: number): Uint8Array {
  return new Uint8Array(from.buffer, from.byteOffset + at, length).slice()
}
