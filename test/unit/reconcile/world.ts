/** A compiler, a reconciler and a store that is read after each write, for tests. */
import { type Compiled, compile } from '../../../controller/compiler/compile.ts'
import { DEFAULT_LIMITS, type Limits } from '../../../controller/compiler/limits.ts'
import type { Mesh } from '../../../controller/model/mesh.ts'
import { createReconciler, type Outcome, type Reconciler } from '../../../controller/reconcile/reconciler.ts'
import type { MapStore } from '../../../controller/reconcile/store.ts'
import { type CheckedStore, createCheckedStore } from '../../support/checked-store.ts'
import { createTestClock, type TestClock } from '../../support/clock.ts'
import { HERE } from '../compiler/mesh.ts'

export const GRACE_MS = 1000

export interface World {
  readonly clock: TestClock
  readonly store: CheckedStore
  readonly limits: Limits
  reconciler: Reconciler
  /** of the last push or timer */
  outcome: Outcome | undefined
  push(mesh: Mesh): Outcome
  /** Another daemon on the same store. */
  restart(): void
}

export interface WorldOptions {
  readonly limits?: Partial<Limits>
  /** between the reconciler and the store */
  readonly wrap?: (store: MapStore) => MapStore
}

export function createWorld({ limits: some = {}, wrap = (store) => store }: WorldOptions = {}): World {
  const clock = createTestClock()
  const limits = { ...DEFAULT_LIMITS, ...some }
  const store = createCheckedStore(limits)
  const between = wrap(store)
  const start = () => {
    const { now, schedule } = clock
    const onOutcome = (outcome: Outcome) => accept(outcome)
    return createReconciler({ store: between, now, schedule, graceMs: GRACE_MS, onOutcome })
  }
  let previous: Compiled | undefined
  const accept = (outcome: Outcome) => {
    world.outcome = outcome
    if (outcome.settled) store.settled()
    return outcome
  }
  const world: World = {
    clock,
    store,
    limits,
    reconciler: start(),
    outcome: undefined,
    push(mesh) {
      previous = compile(mesh, HERE, limits, previous)
      store.expect(previous)
      return accept(world.reconciler.apply(previous))
    },
    restart() {
      world.reconciler.close()
      world.reconciler = start()
      world.reconciler.adopt()
    },
  }
  return world
}
