/**
 * BTF to layouts: which structs, enums and maps cross the border to the kernel,
 * and where each field lies. What has no exact counterpart in TypeScript is
 * refused, by the name of its field.
 */
import type { BtfType, Member } from './btf.ts'

type BtfStruct = Extract<BtfType, { is: 'struct' | 'union' }>
type BtfEnum = Extract<BtfType, { is: 'enum' }>

export type Value =
  | { readonly is: 'number'; readonly bytes: number; readonly signed: boolean; readonly bigEndian: boolean }
  | { readonly is: 'bytes'; readonly length: number }
  | { readonly is: 'enum'; readonly name: string }
  | { readonly is: 'struct'; readonly name: string }

export interface Field {
  /** as in C */
  readonly name: string
  readonly offset: number
  readonly size: number
  readonly value: Value
}

export interface StructLayout {
  readonly name: string
  readonly size: number
  /** without padding and locks */
  readonly fields: readonly Field[]
}

export interface EnumLayout {
  readonly name: string
  readonly values: readonly { readonly name: string; readonly value: number }[]
}

export interface MapLayout {
  readonly name: string
  /** enum bpf_map_type */
  readonly type: number
  readonly maxEntries: number
  readonly flags: number
  /** undefined: a map of records, such as a ring buffer */
  readonly entry: { readonly key: Value; readonly value: Value } | undefined
}

export interface Layouts {
  readonly enums: readonly EnumLayout[]
  /** a struct comes after those that it contains */
  readonly structs: readonly StructLayout[]
  readonly maps: readonly MapLayout[]
}

/** Everything that section `.maps` or `.abi` names, and what that contains. */
export function layoutsOf(types: readonly BtfType[]): Layouts {
  const structs = new Map<string, StructLayout>()
  const enums = new Map<string, EnumLayout>()
  const maps: MapLayout[] = []

  /** Follows typedefs and qualifiers. A `__be16` on the way means network byte order. */
  function resolve(id: number): { readonly type: BtfType; readonly bigEndian: boolean } {
    let bigEndian = false
    for (;;) {
      const type = types[id]
      if (type === undefined) throw new Error(`BTF has no type ${id}`)
      if (type.is !== 'alias') return { type, bigEndian }
      bigEndian ||= /^__be(16|32|64)$/.test(type.name)
      id = type.to
    }
  }

  function sizeOf(id: number): number {
    const { type } = resolve(id)
    if (type.is === 'array') return type.length * sizeOf(type.of)
    return 'size' in type ? type.size : 0
  }

  function valueFor(id: number, where: string): Value {
    const { type, bigEndian } = resolve(id)
    switch (type.is) {
      case 'int':
        return { is: 'number', bytes: type.size, signed: type.signed, bigEndian }
      case 'enum':
        addEnum(type, where)
        return { is: 'enum', name: type.name }
      case 'struct':
        addStruct(type, where)
        return { is: 'struct', name: type.name }
      case 'array': {
        const of = resolve(type.of).type
        if (of.is === 'int' && of.size === 1 && !of.signed) return { is: 'bytes', length: type.length }
        throw new Error(`${where}: an array other than __u8[] cannot cross the border`)
      }
      default:
        throw new Error(`${where}: ${type.is === 'opaque' ? 'this type' : `a ${type.is}`} cannot cross the border`)
    }
  }

  function addEnum(type: BtfEnum, where: string): void {
    if (type.name === '') throw new Error(`${where}: an enum without a name cannot cross the border`)
    if (type.size !== 4) throw new Error(`${where}: an enum of ${type.size} bytes cannot cross the border`)
    enums.set(type.name, { name: type.name, values: type.values })
  }

  function addStruct(type: BtfStruct, where: string): void {
    if (type.name === '') throw new Error(`${where}: a struct without a name cannot cross the border`)
    if (structs.has(type.name)) return
    const fields = fieldsOf(type, type.name, 0)
    structs.set(type.name, { name: type.name, size: type.size, fields: fields.filter(({ name }) => !isPadding(name)) })
  }

  /** All fields with their padding. Bytes that no field names would be compared in a hash key, and leak in a value. */
  function fieldsOf(type: BtfStruct, owner: string, base: number): readonly Field[] {
    const fields: Field[] = []
    let end = 0
    for (const member of type.is === 'union' ? type.members.slice(0, 1) : type.members) {
      const where = `${owner}.${member.name === '' ? 'union' : member.name}`
      if (member.bitSize !== 0 || member.bitOffset % 8 !== 0) {
        throw new Error(`${where}: a bit field cannot cross the border`)
      }
      const offset = member.bitOffset / 8
      if (offset !== end) throw new Error(`${where}: name the hole of ${offset - end} bytes before it "pad"`)
      end = offset + sizeOf(member.type)
      fields.push(...memberFields(member, where, owner, base + offset))
    }
    if (end !== type.size) throw new Error(`${owner}: name the hole of ${type.size - end} bytes at the end "pad"`)
    return fields
  }

  function memberFields(member: Member, where: string, owner: string, offset: number): readonly Field[] {
    const { type } = resolve(member.type)
    if (type.is === 'struct' && type.name === 'bpf_spin_lock') return []
    if (type.is === 'struct' || type.is === 'union') {
      if (type.name === '') {
        if (member.name === '') return fieldsOf(type, owner, offset)
        throw new Error(`${where}: a ${type.is} without a name cannot cross the border`)
      }
    }
    const size = sizeOf(member.type)
    if (isPadding(member.name)) return [{ name: member.name, offset, size, value: { is: 'bytes', length: size } }]
    return [{ name: member.name, offset, size, value: valueFor(member.type, where) }]
  }

  function mapOf(name: string, { members }: BtfStruct): MapLayout {
    // __uint(f, N) declares `int (*f)[N]`, __type(f, T) declares `T *f`.
    const target = (field: string) => {
      const member = members.find((candidate) => candidate.name === field)
      const pointer = member && resolve(member.type).type
      return pointer?.is === 'pointer' ? pointer.to : undefined
    }
    const number = (field: string) => {
      const id = target(field)
      const array = id === undefined ? undefined : resolve(id).type
      return array?.is === 'array' ? array.length : 0
    }
    for (const field of ['key_size', 'value_size']) {
      if (target(field) !== undefined) throw new Error(`map ${name}: declare key and value by __type, not ${field}`)
    }
    const [key, value] = [target('key'), target('value')]
    const entry =
      key === undefined || value === undefined
        ? undefined
        : { key: valueFor(key, `map ${name}, key`), value: valueFor(value, `map ${name}, value`) }
    return { name, type: number('type'), maxEntries: number('max_entries'), flags: number('map_flags'), entry }
  }

  for (const section of types) {
    if (section.is !== 'section') continue
    for (const id of section.variables) {
      const variable = types[id]
      if (variable?.is !== 'alias') continue
      const { type } = resolve(id)
      if (section.name === '.abi') valueFor(id, variable.name)
      if (section.name === '.maps' && type.is === 'struct') maps.push(mapOf(variable.name, type))
    }
  }
  return { enums: [...enums.values()], structs: [...structs.values()], maps }
}

function isPadding(name: string): boolean {
  return /^pad\d*$/.test(name)
}
