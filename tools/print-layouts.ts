/** Layouts to TypeScript: an interface and a straight-line codec for each struct, a table of the maps. */
import { createHash } from 'node:crypto'
import type { EnumLayout, Layouts, MapLayout, StructLayout, Value } from './layouts.ts'

export function printLayouts(layouts: Layouts): string {
  const body = [
    ...layouts.enums.flatMap(printEnum),
    ...layouts.structs.flatMap((struct) => (bytesOnly(struct) ? printBytes(struct) : printStruct(struct))),
    ...printMaps(layouts.maps),
    '/** Another hash means other layouts, enums or kinds of map: state pinned with it cannot be adopted. */',
    `export const layoutHash = 0x${layoutHash(layouts)}n`,
    '',
  ].join('\n')
  const used = ['getBytes', 'putBytes', 'u32', 'u64'].filter((name) => new RegExp(`\\b${name}\\b`).test(body))
  return [
    '// Generated from bpf/include/types.h and maps.h by `npm run gen`. Do not edit.',
    `import { ${['type Codec', ...used].join(', ')} } from './codec.ts'`,
    '',
    body,
  ].join('\n')
}

/** Sizes of maps are left out: they are settings, not layout. */
function layoutHash({ enums, structs, maps }: Layouts): string {
  const kinds = maps.map(({ name, type, flags, entry }) => ({ name, type, flags, entry }))
  return createHash('sha256').update(JSON.stringify({ enums, structs, kinds })).digest('hex').slice(0, 16)
}

function printEnum({ name, values }: EnumLayout): string[] {
  const constants = [
    `export const ${pascal(name)} = {`,
    ...values.map((value) => `  ${value.name}: ${value.value},`),
    '} as const',
  ]
  // Numbers that repeat are no choice between names, but constants, such as limits.
  if (new Set(values.map(({ value }) => value)).size < values.length) return [...constants, '']

  // VERDICT_MAX counts the members of enum verdict and is not one of them.
  const counter = `${name.toUpperCase()}_MAX`
  const members = values.filter((value) => value.name !== counter)
  const key =
    members.length < values.length
      ? `Exclude<keyof typeof ${pascal(name)}, '${counter}'>`
      : `keyof typeof ${pascal(name)}`
  return [
    ...constants,
    `export type ${pascal(name)} = (typeof ${pascal(name)})[${key}]`,
    `export const ${camel(name)}Names: Readonly<Record<number, ${key}>> = {`,
    ...members.map((value) => `  ${value.value}: '${value.name}',`),
    '}',
    '',
  ]
}

/** A struct around one byte array, such as an address, is that byte array. */
function bytesOnly({ fields, size }: StructLayout): boolean {
  const [first, ...others] = fields
  return first?.value.is === 'bytes' && first.value.length === size && others.length === 0
}

function printBytes({ name, size }: StructLayout): string[] {
  return [
    `export type ${pascal(name)} = Uint8Array`,
    '',
    `export const ${pascal(name)}: Codec<${pascal(name)}> = {`,
    `  size: ${size},`,
    `  write: (value, to, at) => putBytes(to, at, ${size}, value),`,
    `  read: (from, at) => getBytes(from, at, ${size}),`,
    '}',
    '',
  ]
}

function printStruct({ name, size, fields }: StructLayout): string[] {
  return [
    `export interface ${pascal(name)} {`,
    ...fields.map((field) => `  readonly ${camel(field.name)}: ${typeOf(field.value)}`),
    '}',
    '',
    `export const ${pascal(name)}: Codec<${pascal(name)}> = {`,
    `  size: ${size},`,
    '  write(value, to, at) {',
    ...fields.map((field) => `    ${printWrite(field.value, `value.${camel(field.name)}`, plus(field.offset))}`),
    '  },',
    '  read(from, at) {',
    '    return {',
    ...fields.map((field) => `      ${camel(field.name)}: ${printRead(field.value, plus(field.offset))},`),
    '    }',
    '  },',
    '}',
    '',
  ]
}

function printMaps(maps: readonly MapLayout[]): string[] {
  const settings = (map: MapLayout) => `type: ${map.type}, maxEntries: ${map.maxEntries}, flags: ${map.flags}`
  return [
    '/** By their names in the kernel. `type` is an enum bpf_map_type; a per-CPU map holds one `value` for each CPU. */',
    'export const maps = {',
    ...maps.flatMap((map) => {
      if (map.entry === undefined) return []
      const [key, value] = [codecOf(map.entry.key, map.name), codecOf(map.entry.value, map.name)]
      return `  ${map.name}: { key: ${key}, value: ${value}, ${settings(map)} },`
    }),
    '} as const',
    '',
    '/** Maps of records without keys: ring buffers. */',
    'export const streams = {',
    ...maps.flatMap((map) => (map.entry === undefined ? `  ${map.name}: { ${settings(map)} },` : [])),
    '} as const',
    '',
  ]
}

function codecOf(value: Value, map: string): string {
  if (value.is === 'struct') return pascal(value.name)
  if (value.is === 'number' && !value.signed && !value.bigEndian) {
    if (value.bytes === 4) return 'u32'
    if (value.bytes === 8) return 'u64'
  }
  throw new Error(`map ${map}: keys and values are __u32, __u64 or a struct`)
}

function typeOf(value: Value): string {
  switch (value.is) {
    case 'number':
      return value.bytes === 8 ? 'bigint' : 'number'
    case 'bytes':
      return 'Uint8Array'
    case 'enum':
    case 'struct':
      return pascal(value.name)
  }
}

function printWrite(value: Value, from: string, at: string): string {
  switch (value.is) {
    case 'number':
      return `to.set${accessor(value)}(${at}, ${from}${endian(value)})`
    case 'bytes':
      return `putBytes(to, ${at}, ${value.length}, ${from})`
    case 'enum':
      return `to.setUint32(${at}, ${from}, true)`
    case 'struct':
      return `${pascal(value.name)}.write(${from}, to, ${at})`
  }
}

function printRead(value: Value, at: string): string {
  switch (value.is) {
    case 'number':
      return `from.get${accessor(value)}(${at}${endian(value)})`
    case 'bytes':
      return `getBytes(from, ${at}, ${value.length})`
    case 'enum':
      // The kernel's word for it: a number that is none of the names has no name in the table above.
      return `from.getUint32(${at}, true) as ${pascal(value.name)}`
    case 'struct':
      return `${pascal(value.name)}.read(from, ${at})`
  }
}

type NumberValue = Extract<Value, { is: 'number' }>

function accessor({ bytes, signed }: NumberValue): string {
  return `${bytes === 8 ? 'Big' : ''}${signed ? 'Int' : 'Uint'}${bytes * 8}`
}

function endian({ bytes, bigEndian }: NumberValue): string {
  return bytes === 1 ? '' : `, ${!bigEndian}`
}

function plus(offset: number): string {
  return offset === 0 ? 'at' : `at + ${offset}`
}

function camel(name: string): string {
  return name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase())
}

function pascal(name: string): string {
  return camel(`_${name}`)
}
