/**
 * The mesh to the complete wanted content of the kernel's maps, in fragments. Pure and deterministic: the same mesh
 * gives the same bytes. A previous result saves work, and changes nothing about the outcome.
 */
import type { Mesh, NodeView } from '../model/mesh.ts'
import type { Problem } from '../model/problem.ts'
import type { Workload } from '../model/workload.ts'
import { type Claims, type Loss, sameClaims, settleClaims, withoutLoss } from './claims.ts'
import { createDirectory, type Directory } from './directory.ts'
import type { Fragment } from './fragment.ts'
import { gatherInputs, type Surroundings, stillValid, surroundingsOf } from './inputs.ts'
import { findExcess, type Limits } from './limits.ts'
import { indexPolicies, type PolicyIndex } from './policies.ts'
import { collectProblems } from './report.ts'
import { compileService, type ServiceInputs } from './service.ts'
import { difference } from './shards.ts'
import { findUnused } from './unused.ts'
import { findWorkload, NO_WORKLOADS, updateWorkloads, type Workloads } from './workloads.ts'

export interface Compiled {
  /** by their keys */
  readonly fragments: ReadonlyMap<string, Fragment>
  /** did not fit: what the kernel holds of them stays */
  readonly refused: ReadonlyMap<string, Fragment>
  readonly problems: readonly Problem[]
  readonly directory: Directory
  readonly limits: Limits
  readonly memory: Memory
}

/** What the next compilation may use again. */
interface Memory {
  readonly mesh: Mesh
  readonly policies: PolicyIndex
  readonly services: ReadonlyMap<string, CompiledService>
  readonly claims: Claims
  readonly cut: ReadonlyMap<string, Cut>
  readonly workloads: Workloads
  readonly workloadList: readonly Workload[]
  readonly unused: readonly Problem[]
}

interface CompiledService {
  readonly inputs: ServiceInputs
  readonly fragment: Fragment
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

  const services = compileServices(around, samePolicies, before)
  const whole = Array.from(services.values(), ({ fragment }) => fragment)
  const sameNames = before !== undefined && sameKeys(before.services, services)
  const unused = samePolicies && sameNames ? before.unused : findUnused(mesh, around.named)
  const claims = sameNames && keepsClaims(before.services, services) ? before.claims : settleClaims(whole)
  const cut = cutLosses(whole, claims, before)

  const workloadList = [...mesh.workloads.values()]
  const change = difference(before?.workloadList ?? [], workloadList)
  const workloads = updateWorkloads(before?.workloads ?? NO_WORKLOADS, change)

  const wanted = whole.flatMap((fragment) => {
    const loss = cut.get(fragment.key)
    return loss === undefined ? fragment : (loss.remaining ?? [])
  })
  for (const { result } of workloads.byAddress) if (result.workloads.count > 0) wanted.push(result)
  const excess = findExcess(wanted, limits)
  const fragments = new Map<string, Fragment>()
  const refused = new Map<string, Fragment>()
  for (const fragment of wanted) (excess.has(fragment.key) ? refused : fragments).set(fragment.key, fragment)

  return {
    fragments,
    refused,
    problems: unique([
      whole.flatMap(({ problems }) => problems),
      Array.from(claims.losses.values()).flatMap(({ problems }) => problems),
      workloads.byAddress.flatMap(({ result }) => result.problems),
      workloads.byId.flatMap(({ result }) => result.problems),
      unused,
      Array.from(excess.values()),
    ]),
    directory: createDirectory(claims.names, (id) => findWorkload(workloads.byId, id), fragments),
    limits,
    memory: { mesh, policies, services, claims, cut, workloads, workloadList, unused },
  }
}

function compileServices(
  around: Surroundings,
  samePolicies: boolean,
  before: Memory | undefined,
): ReadonlyMap<string, CompiledService> {
  const services = new Map<string, CompiledService>()
  for (const [key, service] of around.mesh.services) {
    const known = before?.services.get(key)
    if (known !== undefined && stillValid(known.inputs, known.fragment, service, around, samePolicies)) {
      services.set(key, known)
    } else {
      const inputs = gatherInputs(service, around)
      services.set(key, { inputs, fragment: compileService(key, inputs) })
    }
  }
  return services
}

function sameKeys(a: ReadonlyMap<string, unknown>, b: ReadonlyMap<string, unknown>): boolean {
  if (a.size !== b.size) return false
  const others = b.keys()
  for (const key of a.keys()) if (key !== others.next().value) return false
  return true
}

function keepsClaims(before: Memory['services'], services: Memory['services']): boolean {
  for (const [key, { fragment }] of services) {
    const known = before.get(key)
    if (known === undefined || !sameClaims(known.fragment, fragment)) return false
  }
  return true
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

function unique(lists: readonly (readonly Problem[])[]): Problem[] {
  const { report, collected } = collectProblems()
  for (const list of lists) list.forEach(report)
  return collected()
}
