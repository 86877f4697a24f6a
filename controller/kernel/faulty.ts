/** A map store that fails now and then, in all the ways in which a real one may: for tests. */
import { type MapStore, StoreError } from '../reconcile/store.ts'

export interface FaultyStore extends MapStore {
  /** from 0 to 1, for each call */
  probability: number
  readonly failures: number
}

/** @param random draws from 0 to 1 */
export function createFaultyStore(store: MapStore, random: () => number): FaultyStore {
  let failures = 0
  const faulty: FaultyStore = {
    probability: 0,
    get failures() {
      return failures
    },
    update(table, { count, keys, values }) {
      if (random() >= faulty.probability) return store.update(table, { count, keys, values })
      const done = partOf(count)
      store.update(table, { count: done, keys: cut(keys, count, done), values: cut(values, count, done) })
      fail(table, `after ${done} of ${count} entries`)
    },
    delete(table, count, keys) {
      if (random() >= faulty.probability) return store.delete(table, count, keys)
      const done = partOf(count)
      store.delete(table, done, cut(keys, count, done))
      fail(table, `after ${done} of ${count} deletions`)
    },
    dump: (table) => store.dump(table),
  }

  /** None of them, some, or even all: the error may come after the deed. */
  function partOf(count: number): number {
    return Math.floor(random() * (count + 1))
  }

  function fail(table: string, when: string): never {
    failures++
    throw new StoreError(table, 'other', `map ${table}: injected failure ${when}`)
  }
  return faulty
}

function cut(bytes: Uint8Array, count: number, part: number): Uint8Array {
  return bytes.subarray(0, count === 0 ? 0 : (bytes.length / count) * part)
}
