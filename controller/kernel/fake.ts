/** A map store in memory with the manners of the kernel's hash maps: for tests, without root. */
import { maps } from '../abi/layouts.generated.ts'
import { type MapStore, type PackedEntries, StoreError } from '../reconcile/store.ts'

export interface FakeOptions {
  /** entries of a map, where they differ from maps.h */
  readonly sizes?: Readonly<Record<string, number>>
  /** called after each single entry that is written or deleted: what a reader could see then */
  readonly afterEach?: (table: string) => void
}

export interface FakeStore extends MapStore {
  /** entries written and deleted since the start */
  readonly writes: number
  /** value for a key, as the kernel's programs look it up */
  readonly lookup: (table: string, key: Uint8Array) => Uint8Array | undefined
}

type KnownTable = keyof typeof maps

export function createFakeStore({ sizes = {}, afterEach }: FakeOptions = {}): FakeStore {
  const tables = new Map<string, Map<string, Uint8Array>>()
  let writes = 0
  const tableOf = (name: string) => {
    if (!(name in maps)) throw new StoreError(name, 'other', `there is no map ${name}`)
    const layout = maps[name as KnownTable]
    const content = tables.get(name) ?? new Map<string, Uint8Array>()
    tables.set(name, content)
    const maxEntries = sizes[name] ?? layout.maxEntries
    return { content, keySize: layout.key.size, valueSize: layout.value.size, maxEntries }
  }
  const written = (table: string) => {
    writes++
    afterEach?.(table)
  }

  return {
    get writes() {
      return writes
    },
    lookup: (name, key) => tableOf(name).content.get(textOf(key)),
    update(name, { count, keys, values }) {
      const { content, keySize, valueSize, maxEntries } = tableOf(name)
      checkSize(name, count * keySize, keys)
      checkSize(name, count * valueSize, values)
      for (let i = 0; i < count; i++) {
        const key = textOf(keys.subarray(i * keySize, (i + 1) * keySize))
        if (!content.has(key) && content.size >= maxEntries) {
          throw new StoreError(name, 'full', `map ${name} is full: it holds ${maxEntries} entries`)
        }
        content.set(key, values.slice(i * valueSize, (i + 1) * valueSize))
        written(name)
      }
    },
    delete(name, count, keys) {
      const { content, keySize } = tableOf(name)
      checkSize(name, count * keySize, keys)
      for (let i = 0; i < count; i++) {
        if (content.delete(textOf(keys.subarray(i * keySize, (i + 1) * keySize)))) written(name)
      }
    },
    dump(name): PackedEntries {
      const { content, keySize, valueSize } = tableOf(name)
      const keys = new Uint8Array(content.size * keySize)
      const values = new Uint8Array(content.size * valueSize)
      let at = 0
      for (const [key, value] of content) {
        for (let i = 0; i < keySize; i++) keys[at * keySize + i] = key.charCodeAt(i)
        values.set(value, at * valueSize)
        at++
      }
      return { count: content.size, keys, values }
    },
  }
}

function textOf(key: Uint8Array): string {
  return String.fromCharCode(...key)
}

function checkSize(table: string, expected: number, bytes: Uint8Array): void {
  if (bytes.length !== expected) {
    throw new StoreError(table, 'other', `map ${table}: expected ${expected} bytes, got ${bytes.length}`)
  }
}
