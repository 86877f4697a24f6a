/**
 * The generated codecs write what a C compiler writes: for every struct that we
 * share, a C program made here fills the same fields with the same values.
 */
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { type Codec, decode, encode } from '../../../controller/abi/codec.ts'
import * as generated from '../../../controller/abi/layouts.generated.ts'
import { projectRoot } from '../../../native/index.ts'
import { elfSection, parseBtf } from '../../../tools/btf.ts'
import { differences, generate } from '../../../tools/codegen.ts'
import { layoutsOf, type StructLayout } from '../../../tools/layouts.ts'

const root = projectRoot()
const object = join(root, 'build', 'bpf', 'abi.bpf.o')
const include = ['bpf', 'bpf/include'].flatMap((folder) => ['-I', join(root, folder)])
const layouts = layoutsOf(parseBtf(elfSection(readFileSync(object), '.BTF')))
const structs = new Map(layouts.structs.map((struct) => [struct.name, struct]))

const camel = (name: string) => name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase())

function codecOf(struct: string): Codec<unknown> {
  const codec = Object.entries(generated).find(([name]) => name === camel(`_${struct}`))?.[1]
  if (codec === undefined || !('write' in Object(codec))) throw new Error(`no codec for struct ${struct}`)
  return codec as Codec<unknown>
}

/** Every byte of a field gets a value of its own, so that a wrong offset, width or byte order shows. */
class Sample {
  readonly statements: string[] = []
  #next = 1

  #bytes(count: number): Uint8Array {
    return Uint8Array.from({ length: count }, () => this.#next++ & 0xff)
  }

  /** Fills the struct at the C expression `at`. @returns the same as the generated codec takes it */
  fill({ fields, size }: StructLayout, at: string): unknown {
    const value: Record<string, unknown> = {}
    for (const field of fields) {
      const target = `${at}.${field.name}`
      const bytes = field.value.is === 'struct' ? undefined : this.#bytes(field.size)
      if (field.value.is === 'struct') {
        const inner = structs.get(field.value.name)
        if (inner === undefined) throw new Error(`no struct ${field.value.name}`)
        value[camel(field.name)] = this.fill(inner, target)
      } else if (field.value.is === 'bytes' && bytes !== undefined) {
        this.statements.push(`memcpy(${target}, (__u8[]){${bytes.join()}}, sizeof(${target}));`)
        value[camel(field.name)] = bytes
        if (field.size === size) return bytes // a struct around one byte array is that array
      } else if (bytes !== undefined) {
        const digits = `0x${Buffer.from(bytes).toString('hex')}`
        const swap = field.value.is === 'number' && field.value.bigEndian ? `__builtin_bswap${field.size * 8}` : ''
        this.statements.push(`${target} = ${swap}(${digits}ull);`)
        value[camel(field.name)] = field.size === 8 ? BigInt(digits) : Number(digits)
      }
    }
    return value
  }
}

t.test('every struct is encoded as the C compiler lays it out, and decoded back', (t) => {
  const samples = layouts.structs.map((struct) => {
    const sample = new Sample()
    return { struct, value: sample.fill(struct, `${struct.name}_`), statements: sample.statements }
  })
  const dir = t.testdir({
    'oracle.c': [
      '#include <stdio.h>',
      '#include <string.h>',
      '#include "abi.bpf.c"',
      'int main(void) {',
      ...samples.flatMap(({ struct: { name }, statements }) => [
        `struct ${name} ${name}_; memset(&${name}_, 0, sizeof(${name}_));`,
        ...statements,
        `printf("${name} "); for (size_t i = 0; i < sizeof(${name}_); i++) printf("%02x", ((unsigned char *)&${name}_)[i]);`,
        'puts("");',
      ]),
      'return 0; }',
    ].join('\n'),
  })
  const oracle = join(dir, 'oracle')
  execFileSync('gcc', [...include, '-o', oracle, join(dir, 'oracle.c')])
  const lines = execFileSync(oracle, { encoding: 'utf8' }).trim().split('\n')
  const expected = new Map(lines.map((line) => line.split(' ') as [string, string]))

  t.ok(samples.length >= 20, `${samples.length} structs`)
  for (const { struct, value } of samples) {
    const bytes = encode(codecOf(struct.name), value)
    t.equal(Buffer.from(bytes).toString('hex'), expected.get(struct.name), `struct ${struct.name}`)
    t.same(decode(codecOf(struct.name), bytes), value, `struct ${struct.name}, read back`)
  }
  t.end()
})

t.test('enums have the numbers of the C header, and their names by number', (t) => {
  const constants = layouts.enums.flatMap(({ values }) => values)
  const dir = t.testdir({
    'enums.c': [
      '#include <stdio.h>',
      '#include "abi.bpf.c"',
      'int main(void) {',
      ...constants.map(({ name }) => `printf("${name} %u\\n", (unsigned)${name});`),
      'return 0; }',
    ].join('\n'),
  })
  const program = join(dir, 'enums')
  execFileSync('gcc', [...include, '-o', program, join(dir, 'enums.c')])
  t.equal(
    constants.map(({ name, value }) => `${name} ${value}\n`).join(''),
    execFileSync(program, { encoding: 'utf8' }),
  )
  t.equal(generated.verdictNames[generated.Verdict.VERDICT_ROUTED], 'VERDICT_ROUTED')
  t.equal(generated.verdictNames[generated.Verdict.VERDICT_MAX], undefined, 'the counter of the members is none')
  t.end()
})

t.test('an address of the wrong length is refused, not cut', (t) => {
  t.throws(() => encode(generated.Address, new Uint8Array(4)), {
    name: 'RangeError',
    message: /expected 16 bytes, got 4/,
  })
  t.throws(() => decode(generated.Address, new Uint8Array(20)), { name: 'RangeError' })
  t.end()
})

t.test('the committed layouts are what the headers give', (t) => {
  const committed = readFileSync(join(root, 'controller/abi/layouts.generated.ts'), 'utf8')
  t.same(differences(committed, generate(object)), [])
  t.end()
})

t.test('a difference is shown by its lines only', (t) => {
  t.same(differences('a\nb\nc\nd\n', 'a\nx\ny\nd\n'), ['@@ line 2 @@', '-b', '-c', '+x', '+y'])
  t.same(differences('a\n', 'a\nb\n'), ['@@ line 2 @@', '+b'])
  t.same(differences('a\nb\n', 'a\n'), ['@@ line 2 @@', '-b'])
  t.same(differences('a\n', 'a\n'), [])
  t.end()
})

/** What the generator makes of `types`, which declare `struct x`. */
function generateFrom(dir: string, types: string, exported = 'ABI(struct, x);'): string {
  const source = join(dir, 'x.bpf.c')
  writeFileSync(source, `#include "mesh.h"\n${types}\n${exported}\n`)
  const multiarch = execFileSync('gcc', ['-print-multiarch'], { encoding: 'utf8' }).trim()
  const flags = ['-target', 'bpf', '-g', '-O2', ...include, '-isystem', `/usr/include/${multiarch}`]
  execFileSync('clang', [...flags, '-c', source, '-o', join(dir, 'x.o')])
  return generate(join(dir, 'x.o'))
}

const refusals = {
  'struct x { __u64 a; void *b; };': 'x.b: a pointer cannot cross the border',
  'struct x { __u32 a : 8; __u32 b : 24; };': 'x.a: a bit field cannot cross the border',
  'struct x { __u32 a[4]; };': 'x.a: an array other than __u8[] cannot cross the border',
  'struct x { char a[4]; };': 'x.a: an array other than __u8[] cannot cross the border',
  'struct x { __u64 a; __u32 b; };': 'x: name the hole of 4 bytes at the end "pad"',
  'struct x { __u32 a; __u64 b; };': 'x.b: name the hole of 4 bytes before it "pad"',
  'struct x { union { __u8 a[4]; __u64 b; }; };': 'x: name the hole of 4 bytes at the end "pad"',
  'struct x { union { __u32 b; __u8 c[4]; } a; };': 'x.a: a union without a name cannot cross the border',
  'struct x { enum { A } a; };': 'x.a: an enum without a name cannot cross the border',
  'struct y { float f; }; struct x { struct y a; };': 'y.f: this type cannot cross the border',
}

for (const [types, message] of Object.entries(refusals)) {
  t.test(`refused: ${message}`, (t) => {
    t.throws(() => generateFrom(t.testdir(), types), { message })
    t.end()
  })
}

t.test('padding and locks are hidden; signed and big-endian numbers keep their kind', (t) => {
  const printed = generateFrom(
    t.testdir(),
    'struct x { struct bpf_spin_lock lock; __s32 a; __be32 b; __be64 c __attribute__((packed)); __u8 d; __u8 pad[3]; };',
  )
  t.match(printed, 'readonly a: number\n  readonly b: number\n  readonly c: bigint\n  readonly d: number\n}')
  t.match(printed, 'to.setInt32(at + 4, value.a, true)')
  t.match(printed, 'to.setUint32(at + 8, value.b, false)')
  t.match(printed, 'to.setBigUint64(at + 12, value.c, false)')
  t.end()
})

const map = (members: string) =>
  `struct { __uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, 7); ${members} } m SEC(".maps");`

t.test('maps of other than __u32, __u64 and structs are refused', (t) => {
  const dir = t.testdir()
  t.throws(() => generateFrom(dir, map('__type(key, int); __type(value, __u64);'), ''), {
    message: 'map m: keys and values are __u32, __u64 or a struct',
  })
  t.throws(() => generateFrom(dir, map('__uint(key_size, 4); __type(value, __u64);'), ''), {
    message: 'map m: declare key and value by __type, not key_size',
  })
  t.match(
    generateFrom(dir, map('__type(key, __u32); __type(value, __u64);'), ''),
    '  m: { key: u32, value: u64, type: 1, maxEntries: 7, flags: 0 },',
  )
  t.match(generateFrom(dir, map(''), ''), 'export const streams = {\n  m: { type: 1, maxEntries: 7, flags: 0 },')
  t.end()
})

t.test('the layout hash changes with a field, not with the size of a map', (t) => {
  const dir = t.testdir()
  const hash = (fields: string, entries: number) =>
    /layoutHash = (0x[0-9a-f]{16})n/.exec(
      generateFrom(
        dir,
        `struct x { ${fields} };
        struct { __uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, ${entries}); __type(key, __u32); __type(value, struct x); } m SEC(".maps");`,
        '',
      ),
    )?.[1]
  const base = hash('__u32 a; __u32 b;', 10)
  t.ok(base)
  t.equal(hash('__u32 a; __u32 b;', 20), base)
  t.not(hash('__u32 b; __u32 a;', 10), base)
  t.not(hash('__u32 a; __be32 b;', 10), base)
  t.end()
})

t.test('an object without BTF, or no object, is named as such', (t) => {
  const dir = t.testdir({ 'text.o': 'x'.repeat(100) })
  t.throws(() => generate(join(dir, 'text.o')), { message: 'not a 64-bit little-endian ELF file' })
  execFileSync('gcc', ['-x', 'c', '-c', '-o', join(dir, 'plain.o'), '-'], { input: 'int x;' })
  t.throws(() => generate(join(dir, 'plain.o')), { message: 'no section .BTF: was the object compiled with -g?' })
  t.end()
})
