/** The reconciler's border to the real maps: packed entries in, batches of bpf(2) out. */
import type { BpfMap } from '../../native/index.ts'
import { type MapStore, type PackedEntries, StoreError } from '../reconcile/store.ts'
import { errnoOf, messageOf } from './error.ts'

/** Entries of one system call: bounds what the kernel copies at once. */
const BATCH = 4096

/** @param maps by table name */
export function createMapStore(maps: ReadonlyMap<string, BpfMap>): MapStore {
  const table = (name: string): BpfMap => {
    const map = maps.get(name)
    if (map === undefined) throw new StoreError(name, 'other', `there is no map ${name}`)
    return map
  }

  return {
    update(name, { count, keys, values }) {
      const map = table(name)
      for (const [from, to] of batches(count)) {
        const batchKeys = keys.subarray(from * map.keySize, to * map.keySize)
        const batchValues = values.subarray(from * map.valueSize, to * map.valueSize)
        try {
          map.updateBatch(batchKeys, batchValues, to - from)
        } catch (error) {
          throw storeError(map, name, error)
        }
      }
    },
    delete(name, count, keys) {
      const map = table(name)
      for (const [from, to] of batches(count)) {
        try {
          map.deleteBatch(keys.subarray(from * map.keySize, to * map.keySize), to - from)
        } catch (error) {
          throw storeError(map, name, error)
        }
      }
    },
    dump(name): PackedEntries {
      const map = table(name)
      try {
        return map.dump()
      } catch (error) {
        throw storeError(map, name, error)
      }
    },
  }
}

function* batches(count: number): Generator<readonly [number, number]> {
  for (let from = 0; from < count; from += BATCH) yield [from, Math.min(from + BATCH, count)]
}

function storeError(map: BpfMap, name: string, error: unknown): StoreError {
  if (errnoOf(error) !== 'E2BIG') return new StoreError(name, 'other', `map ${name}: ${messageOf(error)}`)
  return new StoreError(name, 'full', `map ${name} is full: it holds ${map.maxEntries} entries (--map-size ${name}=N)`)
}
