/** The border to the kernel's maps. Real maps, a fake and a faulty one implement it. */
import type { PackedEntries } from '../abi/packed.ts'

export type { PackedEntries } from '../abi/packed.ts'

export interface MapStore {
  /** Writes all or throws; entries before the failing one may be written. @throws StoreError */
  update(table: string, entries: PackedEntries): void
  /** Missing keys are no error. */
  delete(table: string, count: number, keys: Uint8Array): void
  dump(table: string): PackedEntries
}

export class StoreError extends Error {
  readonly table: string
  readonly reason: 'full' | 'other'
  constructor(table: string, reason: 'full' | 'other', message: string) {
    super(message)
    this.name = 'StoreError'
    this.table = table
    this.reason = reason
  }
}
