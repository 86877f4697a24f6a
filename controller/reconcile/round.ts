/** One attempt to make the kernel hold what is wanted: plan, write, publish, prune. */
import type { Fragment } from '../compiler/fragment.ts'
import type { Limits } from '../compiler/limits.ts'
import type { Problem } from '../model/problem.ts'
import { type Failures, type Target, writeAll } from './apply.ts'
import type { Parts } from './change.ts'
import type { Held } from './held.ts'
import { planWrites, type Room } from './plan.ts'
import { prune, sweep } from './prune.ts'
import { publish } from './publish.ts'
import type { Orphans } from './wanted.ts'

export interface Task {
  readonly target: Target
  readonly limits: Limits
  readonly graceMs: number
  /** what is not in force yet; what comes to be is taken out */
  readonly dirty: Map<string, Parts>
  readonly orphans: Orphans
}

export interface Attempt {
  /** something failed that may succeed by itself later */
  readonly failed: boolean
  readonly problems: readonly Problem[]
}

export function attempt(task: Task): Attempt {
  const { target, dirty, orphans, limits } = task
  const failures: Failures = new Map()
  const problems = new Map<string, Problem>()
  let failed = sweep(target, task.graceMs) !== undefined
  for (;;) {
    const deleted = target.stats.deleted
    const parts = [...dirty.values()].filter(({ fragment }) => !failures.has(fragment.key))
    const plan = planWrites(parts, target.held, limits)
    writeAll(target, plan.workloads, failures)
    writeAll(target, plan.slots, failures)
    writeAll(target, plan.set_members, failures)
    writeAll(target, plan.cursors, failures)
    const ready = (owner: string) => !failures.has(owner) && !plan.noRoom.has(owner) && !plan.collisions.includes(owner)
    const services = plan.services.filter(({ owners }) => owners.every(ready))
    const leaving = leavingNow(target.held, orphans, (owner) => owner === undefined || ready(owner))
    publish(target, { services, frontends: plan.frontends, leaving }, failures, orphans)
    problems.clear()
    for (const { fragment } of parts) {
      const { key } = fragment
      const room = plan.noRoom.get(key)
      const failure = failures.get(key)
      if (room !== undefined) {
        if (!willBeFree(room, target.held)) problems.set(key, notInForce(fragment, noRoom(room, limits)))
      } else if (plan.collisions.includes(key)) problems.set(key, notInForce(fragment, COLLISION))
      else if (failure === undefined) dirty.delete(key)
    }
    failed = prune(target, orphans, (owner) => owner === undefined || !dirty.has(owner)) !== undefined || failed
    // What was deleted may have been the room that was missing.
    if (plan.noRoom.size === 0 || target.stats.deleted === deleted) break
  }
  for (const [key, error] of failures) {
    const fragment = dirty.get(key)?.fragment
    if (fragment !== undefined) problems.set(key, notInForce(fragment, `${error.message} (tried again soon)`))
  }
  return { failed: failed || failures.size > 0, problems: [...problems.values()] }
}

function leavingNow(held: Held, { frontends }: Orphans, mayGo: (owner: string | undefined) => boolean): string[] {
  return [...frontends].filter(([key, owner]) => held.frontends.has(key) && mayGo(owner)).map(([key]) => key)
}

const COLLISION = 'two different sets of endpoints have the same id; any change of the endpoints helps'

function notInForce({ about }: Fragment, reason: string): Problem {
  return { ...about, severity: 'error', field: '', message: `its last state stays in force: ${reason}` }
}

function noRoom({ table, needed, available }: Room, limits: Limits): string {
  const flag = `--map-size ${table}=${2 ** Math.ceil(Math.log2(limits[table] + needed - available))}`
  return `it needs ${needed} more entries of the map ${table}, ${available} are free. Raise it: ${flag}`
}

/** Sets that are in their time of grace make room by themselves. */
function willBeFree({ table, needed, available }: Room, { sets, idle }: Held): boolean {
  if (table !== 'slots' && table !== 'set_members') return false
  let free = available
  for (const id of idle) {
    const part = sets.get(id)?.[table]
    if (part?.users === 0) free += part.entries.count
  }
  return needed <= free
}
