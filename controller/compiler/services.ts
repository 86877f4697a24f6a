/** All services to their fragments; those whose inputs did not change are taken over as they are. */
import type { Service } from '../model/service.ts'
import type { Fragment } from './fragment.ts'
import { dependsOnOthers, gatherInputs, type Surroundings, stillValid } from './inputs.ts'
import { compileService, type ServiceInputs } from './service.ts'

/** Lists in the mesh's order. They are kept apart because most of their items are only compared. */
export interface CompiledServices {
  /** the same object for the same names in the same order */
  readonly keys: readonly string[]
  readonly services: readonly Service[]
  readonly inputs: readonly ServiceInputs[]
  readonly fragments: readonly Fragment[]
  /** indices of those that depend on more than their service and the policies */
  readonly fragile: ReadonlySet<number>
}

export function compileServices(
  around: Surroundings,
  samePolicies: boolean,
  before?: CompiledServices,
): CompiledServices {
  const keys = [...around.mesh.services.keys()]
  const services = [...around.mesh.services.values()]
  if (before !== undefined && sameItems(before.keys, keys)) {
    return compileChanged(around, samePolicies, before, services)
  }
  const places = new Map(before?.keys.map((key, i) => [key, i]))
  const [inputs, fragments, fragile]: [ServiceInputs[], Fragment[], Set<number>] = [[], [], new Set()]
  for (const [i, service] of services.entries()) {
    const key = keys[i] ?? ''
    const at = places.get(key) ?? -1
    const known = { inputs: before?.inputs[at], fragment: before?.fragments[at] }
    const { inputs: input, fragment } = compileOne(around, samePolicies, key, service, known)
    inputs.push(input)
    fragments.push(fragment)
    if (dependsOnOthers(input, fragment)) fragile.add(i)
  }
  return { keys, services, inputs, fragments, fragile }
}

/** The same services in the same order: the common case, in which next to nothing is touched. */
function compileChanged(
  around: Surroundings,
  samePolicies: boolean,
  before: CompiledServices,
  services: readonly Service[],
): CompiledServices {
  const [inputs, fragments, fragile] = [[...before.inputs], [...before.fragments], new Set(before.fragile)]
  const check = (i: number, service: Service) => {
    const known = { inputs: inputs[i], fragment: fragments[i] }
    const now = compileOne(around, samePolicies, before.keys[i] ?? '', service, known)
    inputs[i] = now.inputs
    fragments[i] = now.fragment
    if (dependsOnOthers(now.inputs, now.fragment)) fragile.add(i)
    else fragile.delete(i)
  }
  services.forEach((service, i) => {
    if (!samePolicies || service !== before.services[i] || before.fragile.has(i)) check(i, service)
  })
  return { keys: before.keys, services, inputs, fragments, fragile }
}

interface Compiled {
  readonly inputs: ServiceInputs
  readonly fragment: Fragment
}

function compileOne(
  around: Surroundings,
  samePolicies: boolean,
  key: string,
  service: Service,
  { inputs: before, fragment }: { readonly inputs: ServiceInputs | undefined; readonly fragment: Fragment | undefined },
): Compiled {
  if (before !== undefined && fragment !== undefined) {
    if (stillValid(before, fragment, service, around, samePolicies)) return { inputs: before, fragment }
  }
  const inputs = gatherInputs(service, around)
  return { inputs, fragment: compileService(key, inputs) }
}

function sameItems<T>(a: readonly T[], b: readonly T[]): boolean {
  return a.length === b.length && a.every((item, i) => item === b[i])
}
