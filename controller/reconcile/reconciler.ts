/**
 * Makes the kernel hold what is wanted, and keeps trying. Restart, resync and pruning are this same path. Pure but for
 * the store, the clock and the timers that it is given.
 */
import { TABLES, type Table } from '../abi/tables.ts'
import type { Limits } from '../compiler/limits.ts'
import type { Problem } from '../model/problem.ts'
import { readHeld } from './adopt.ts'
import type { Stats, Target } from './apply.ts'
import type { Parts } from './change.ts'
import { countOf, emptyHeld } from './held.ts'
import { nextSweep } from './prune.ts'
import { attempt } from './round.ts'
import type { MapStore } from './store.ts'
import { type Compilation, emptyWanted, findOrphans, want } from './wanted.ts'

export interface ReconcilerOptions {
  readonly store: MapStore
  /** milliseconds; only differences count */
  readonly now: () => number
  /** @returns a function that calls the task off */
  readonly schedule: (task: () => void, ms: number) => () => void
  /** for how long readers may still use a set of endpoints that was replaced */
  readonly graceMs: number
  /** after each attempt that a timer started */
  readonly onOutcome?: (outcome: Outcome) => void
}

export interface Outcome {
  /** the kernel holds what is wanted, and nothing else but sets in their time of grace */
  readonly settled: boolean
  /** fragments that are not in force yet */
  readonly waiting: readonly string[]
  readonly problems: readonly Problem[]
}

export interface Reconciler {
  /** Reads what the kernel holds. Once, and before anything is applied. @throws StoreError, RangeError */
  adopt(): void
  apply(compiled: Compilation & { readonly limits: Limits }): Outcome
  /** Does now what would be tried again later, and deletes what is due. */
  flush(): Outcome
  /** entries in each table */
  held(): Readonly<Record<Table, number>>
  readonly stats: Readonly<Stats>
  /** Ends all attempts. What the kernel holds stays. */
  close(): void
}

const FIRST_RETRY_MS = 20
const LAST_RETRY_MS = 5000

export function createReconciler({ store, now, schedule, graceMs, onOutcome }: ReconcilerOptions): Reconciler {
  const wanted = emptyWanted()
  const dirty = new Map<string, Parts>()
  const stats: Stats = { written: 0, deleted: 0, failures: 0 }
  let target: Target = { store, held: emptyHeld(), now, stats }
  let limits: Limits | undefined
  let adopted = false
  let retryMs = FIRST_RETRY_MS
  let callOff = () => {}

  function run(): Outcome {
    callOff()
    if (limits === undefined) return { settled: true, waiting: [], problems: [] }
    const { failed, problems } = attempt({ target, limits, graceMs, dirty, orphans: wanted.orphans })
    retryMs = failed ? Math.min(retryMs * 2, LAST_RETRY_MS) : FIRST_RETRY_MS
    planNext(failed ? retryMs : Number.POSITIVE_INFINITY)
    const settled = dirty.size === 0 && Object.values(wanted.orphans).every(({ size }) => size === 0)
    return { settled, waiting: [...dirty.keys()], problems }
  }

  function planNext(ms: number): void {
    // Several sets become idle shortly after one another: one sweep is for all of them.
    const due = nextSweep(target.held, graceMs)
    const sweepMs = due === undefined ? ms : Math.max(due - now(), graceMs / 4)
    const wait = Math.min(ms, sweepMs)
    if (wait === Number.POSITIVE_INFINITY) return
    callOff = schedule(() => {
      const outcome = run()
      onOutcome?.(outcome)
    }, wait)
  }

  return {
    adopt() {
      target = { ...target, held: readHeld(store, now()) }
      adopted = true
    },
    apply(compiled) {
      limits = compiled.limits
      const lostSight = want(wanted, compiled, dirty)
      if (adopted || lostSight) findOrphans(wanted, target.held)
      adopted = false
      return run()
    },
    flush: run,
    held: () => {
      const count = (table: Table) => countOf(target.held, table)
      return Object.fromEntries(TABLES.map((table) => [table, count(table)])) as Record<Table, number>
    },
    stats,
    close: () => callOff(),
  }
}
