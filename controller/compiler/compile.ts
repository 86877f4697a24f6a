/**
 * The mesh to the complete wanted content of the kernel's maps, in fragments. Pure and deterministic: the same mesh
 * gives the same bytes. A previous result saves work, and changes nothing about the outcome.
 */
import { difference } from '../abi/difference.ts'
import type { Mesh, NodeView } from '../model/mesh.ts'
import type { Problem } from '../model/problem.ts'
import type { Workload } from '../model/workload.ts'
import { type Claims, type Loss, sameClaims, settleClaims, withoutLoss } from './claims.ts'
import { createDirectory, type Directory } from './directory.ts'
import type { Fragment } from './fragment.ts'
import { surroundingsOf } from './inputs.ts'
import { findExcess, type Limits, measureUsage, type Usage } from './limits.ts'
import { indexPolicies, type PolicyIndex } from './policies.ts'
import { collectProblems } from './report.ts'
import { type CompiledServices, compileServices } from './services.ts'
import { findUnused } from './unused.ts'
import { findWorkload, NO_WORKLOADS, updateWorkloads, type Workloads } from './workloads.ts'

export interface Compiled {
  /** each with a key of its own; those of services in the mesh's order */
  readonly fragments: readonly Fragment[]
  /** did not fit: what the kernel holds of them stays */
  readonly refused: readonly Fragment[]
  readonly problems: readonly Problem[]
  readonly directory: Directory
  readonly limits: Limits
  readonly memory: Memory
}

/** What the next compilation may use again. */
interface Memory {
  readonly mesh: Mesh
  readonly policies: PolicyIndex
  readonly services: CompiledServices
  readonly serviceProblems: readonly Problem[]
  readonly claims: Claims
  readonly cut: ReadonlyMap<string, Cut>
  readonly workloads: Workloads
  readonly workloadList: readonly Workload[]
  readonly usage: Usage
  readonly unused: readonly Problem[]
}

/** A fragment that lost some of its claims. */
interface Cut {
  readonly whole: Fragment
  readonly loss: Loss
  readonly remaining: Fragment | undefined
}

export function compile(mesh: Mesh, view: NodeView, limits: Limits, previous?: Compiled): Compiled {
  const before = previous?.memory
  const samePolicies = before?.mesh.destinations === mesh.destinations && before.mesh.routes === mesh.routes
  const policies = samePolicies ? before.policies : indexPolicies(mesh)
  const around = surroundingsOf(mesh, view, policies)

  const services = compileServices(around, samePolicies, before?.services)
  const sameNames = before?.services.keys === services.keys
  const unused = samePolicies && sameNames ? before.unused : findUnused(mesh, around.named)
  const changed = sameNames ? changesOf(before.services.fragments, services.fragments) : undefined
  const isClean = changed?.every(([old, now]) => old.problems.length === 0 && now.problems.length === 0)
  const serviceProblems = isClean && before ? before.serviceProblems : services.fragments.flatMap((f) => f.problems)
  const keptClaims = changed?.every(([old, now]) => sameClaims(old, now))
  const claims = keptClaims && before ? before.claims : settleClaims(services.fragments)
  const cut = cutLosses(services.fragments, claims, before)

  const sameWorkloads = before?.mesh.workloads === mesh.workloads
  const workloadList = sameWorkloads ? before.workloadList : [...mesh.workloads.values()]
  const change = difference(before?.workloadList ?? [], workloadList)
  const workloads = updateWorkloads(before?.workloads ?? NO_WORKLOADS, change)
  const shards = workloads.byAddress.map(({ result }) => result)

  const inForce = cut.size === 0 ? services.fragments : services.fragments.flatMap((f) => remainingOf(f, cut))
  const wanted = [...inForce, ...shards.filter(({ sizes }) => sizes.workloads > 0)]
  const usage = measureUsage(wanted, before?.usage)
  const excess = findExcess(usage, limits)
  const fragments = excess.size === 0 ? wanted : wanted.filter(({ key }) => !excess.has(key))

  return {
    fragments,
    refused: excess.size === 0 ? [] : wanted.filter(({ key }) => excess.has(key)),
    problems: unique([
      serviceProblems,
      ...Array.from(claims.losses.values(), ({ problems }) => problems),
      ...shards.map(({ problems }) => problems),
      ...workloads.byId.map(({ result }) => result.problems),
      unused,
      [...excess.values()],
    ]),
    directory: createDirectory(claims.names, (id) => findWorkload(workloads.byId, id), fragments),
    limits,
    memory: { mesh, policies, services, serviceProblems, claims, cut, workloads, workloadList, usage, unused },
  }
}

/** @param before of the same services */
function changesOf(before: readonly Fragment[], now: readonly Fragment[]): (readonly [Fragment, Fragment])[] {
  const changes: (readonly [Fragment, Fragment])[] = []
  now.forEach((fragment, i) => {
    const old = before[i]
    if (old !== undefined && old !== fragment) changes.push([old, fragment])
  })
  return changes
}

function cutLosses(fragments: readonly Fragment[], { losses }: Claims, before: Memory | undefined): Memory['cut'] {
  const cut = new Map<string, Cut>()
  if (losses.size === 0) return cut
  for (const whole of fragments) {
    const loss = losses.get(whole.key)
    if (loss === undefined) continue
    const known = before?.cut.get(whole.key)
    const same = known?.whole === whole && known.loss === loss
    cut.set(whole.key, same ? known : { whole, loss, remaining: withoutLoss(whole, loss) })
  }
  return cut
}

function remainingOf(fragment: Fragment, cut: Memory['cut']): Fragment[] {
  const { remaining } = cut.get(fragment.key) ?? { remaining: fragment }
  return remaining === undefined ? [] : [remaining]
}

function unique(lists: readonly (readonly Problem[])[]): Problem[] {
  const { report, collected } = collectProblems()
  for (const list of lists) for (const problem of list) report(problem)
  return collected()
}
