/**
 * Reads BTF, the type information that `clang -g` puts into a BPF object.
 * Only what a layout needs; the format is in the kernel's Documentation/bpf/btf.rst.
 */

export interface Member {
  readonly name: string
  readonly type: number
  readonly bitOffset: number
  /** 0: not a bit field */
  readonly bitSize: number
}

export type BtfType =
  | { readonly is: 'int'; readonly name: string; readonly size: number; readonly signed: boolean }
  | { readonly is: 'array'; readonly of: number; readonly length: number }
  | {
      readonly is: 'struct' | 'union'
      readonly name: string
      readonly size: number
      readonly members: readonly Member[]
    }
  | {
      readonly is: 'enum'
      readonly name: string
      readonly size: number
      readonly values: readonly { readonly name: string; readonly value: number }[]
    }
  /** a typedef, a qualifier or a variable */
  | { readonly is: 'alias'; readonly name: string; readonly to: number }
  | { readonly is: 'pointer'; readonly to: number }
  | { readonly is: 'section'; readonly name: string; readonly variables: readonly number[] }
  /** void, functions, forward declarations, floats, 64-bit enums: nothing we share */
  | { readonly is: 'opaque' }

const Kind = {
  INT: 1,
  PTR: 2,
  ARRAY: 3,
  STRUCT: 4,
  UNION: 5,
  ENUM: 6,
  TYPEDEF: 8,
  VOLATILE: 9,
  CONST: 10,
  RESTRICT: 11,
  FUNC_PROTO: 13,
  VAR: 14,
  DATASEC: 15,
  DECL_TAG: 17,
  TYPE_TAG: 18,
  ENUM64: 19,
} as const

/** @throws Error when the object has no such section */
export function elfSection(object: Buffer, wanted: string): Buffer {
  if (object.length < 64 || object.readUInt32BE(0) !== 0x7f454c46 || object.readUInt16BE(4) !== 0x0201) {
    throw new Error('not a 64-bit little-endian ELF file')
  }
  const table = Number(object.readBigUInt64LE(0x28))
  const stride = object.readUInt16LE(0x3a)
  const count = object.readUInt16LE(0x3c)
  const offsetOf = (section: number) => Number(object.readBigUInt64LE(table + section * stride + 0x18))
  const names = offsetOf(object.readUInt16LE(0x3e))
  for (let section = 0; section < count; section++) {
    const header = table + section * stride
    if (cString(object, names + object.readUInt32LE(header)) === wanted) {
      const start = offsetOf(section)
      return object.subarray(start, start + Number(object.readBigUInt64LE(header + 0x20)))
    }
  }
  throw new Error(`no section ${wanted}: was the object compiled with -g?`)
}

/** @returns the types by their number; 0 is void */
export function parseBtf(btf: Buffer): readonly BtfType[] {
  if (btf.readUInt16LE(0) !== 0xeb9f) throw new Error('not little-endian BTF')
  const start = btf.readUInt32LE(4)
  const strings = start + btf.readUInt32LE(16)
  let at = start + btf.readUInt32LE(8)
  const end = at + btf.readUInt32LE(12)
  const u32 = () => {
    at += 4
    return btf.readUInt32LE(at - 4)
  }
  const name = () => cString(btf, strings + u32())

  const types: BtfType[] = [{ is: 'opaque' }]
  const skip = (bytes: number) => {
    at += bytes
  }
  while (at < end) types.push(parseType(name(), u32(), u32(), { u32, name, skip }))
  return types
}

interface Reader {
  readonly u32: () => number
  readonly name: () => string
  readonly skip: (bytes: number) => void
}

function parseType(name: string, info: number, sizeOrType: number, { u32, name: readName, skip }: Reader): BtfType {
  const length = info & 0xffff
  const flag = info >>> 31 !== 0
  const many = <T>(read: () => T): T[] => Array.from({ length }, read)
  const kind = (info >>> 24) & 0x1f
  switch (kind) {
    case Kind.INT:
      return { is: 'int', name, size: sizeOrType, signed: ((u32() >>> 24) & 1) !== 0 }
    case Kind.ARRAY: {
      const of = u32()
      u32() // type of the index
      return { is: 'array', of, length: u32() }
    }
    case Kind.STRUCT:
    case Kind.UNION: {
      const members = many(() => {
        const [member, type, offset] = [readName(), u32(), u32()]
        // With the flag, the offset's upper 8 bits are the size of a bit field.
        return flag
          ? { name: member, type, bitOffset: offset & 0xffffff, bitSize: offset >>> 24 }
          : { name: member, type, bitOffset: offset, bitSize: 0 }
      })
      return { is: kind === Kind.STRUCT ? 'struct' : 'union', name, size: sizeOrType, members }
    }
    case Kind.ENUM: {
      const values = many(() => ({ name: readName(), value: flag ? u32() | 0 : u32() }))
      return { is: 'enum', name, size: sizeOrType, values }
    }
    case Kind.TYPEDEF:
    case Kind.VOLATILE:
    case Kind.CONST:
    case Kind.RESTRICT:
    case Kind.TYPE_TAG:
      return { is: 'alias', name, to: sizeOrType }
    case Kind.VAR:
      u32() // linkage
      return { is: 'alias', name, to: sizeOrType }
    case Kind.PTR:
      return { is: 'pointer', to: sizeOrType }
    case Kind.DATASEC: {
      const variables = many(() => {
        const variable = u32()
        skip(8) // offset, size
        return variable
      })
      return { is: 'section', name, variables }
    }
    case Kind.FUNC_PROTO:
      skip(length * 8)
      return { is: 'opaque' }
    case Kind.ENUM64:
      skip(length * 12)
      return { is: 'opaque' }
    case Kind.DECL_TAG:
      skip(4)
      return { is: 'opaque' }
    default:
      return { is: 'opaque' }
  }
}

function cString(buffer: Buffer, at: number): string {
  return buffer.toString('utf8', at, buffer.indexOf(0, at))
}
