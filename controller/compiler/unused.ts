/** Policies for hosts that no service has: mostly a slip in a name. */
import type { Mesh } from '../model/mesh.ts'
import type { Problem } from '../model/problem.ts'
import type { Service } from '../model/service.ts'
import { matchesHost } from './policies.ts'
import { placeOf } from './report.ts'

export function findUnused(mesh: Mesh, named: (hostname: string) => readonly Service[]): Problem[] {
  const problems: Problem[] = []
  const check = (policy: Policy, host: string, field: string) => {
    const candidates = host.startsWith('*') ? mesh.services.values() : named(host)
    for (const service of candidates) {
      if (!policy.exported && service.namespace !== policy.namespace) continue
      if (matchesHost(host, service.hostname)) return
    }
    const where = policy.exported ? '' : ` in the namespace ${policy.namespace}, the only one it covers`
    const message = `no service has the host "${host}"${where}: nothing is done for it`
    problems.push({ ...placeOf(policy), severity: 'warning', field, message })
  }
  for (const policy of mesh.destinations) check(policy, policy.host, 'spec.host')
  for (const policy of mesh.routes) for (const host of policy.hosts) check(policy, host, 'spec.hosts')
  return problems
}

interface Policy {
  readonly resource: string
  readonly place?: NonNullable<Problem['place']>
  readonly namespace: string
  readonly exported: boolean
}
