/** What a holder.ts is told to do. */
import type { TestService } from './tables.ts'

export const SERVICE_ID = 77n

export interface Holder {
  readonly cgroupPath: string
  readonly bpfFsPath: string
  readonly service: Omit<TestService, 'id'>
  /** sizes of the map `frontends`, one for each turn: another size is another generation */
  readonly turns: readonly number[]
}
