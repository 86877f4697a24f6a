/** VirtualService (networking.istio.io), as far as whole connections can be routed by it. */
import type { RouteRule } from '../../model/traffic-policy.ts'
import { isForMesh } from './clients.ts'
import { readHostOrAll } from './destination-rule.ts'
import { readExported } from './export-to.ts'
import type { Field } from './field.ts'
import { readHttpRules } from './http-rules.ts'
import type { Metadata } from './metadata.ts'
import { fullHost } from './names.ts'
import type { RuleScope } from './route.ts'
import { readTcpRules } from './tcp-rules.ts'

export interface VirtualServiceResource extends Metadata {
  readonly kind: 'VirtualService'
  readonly hosts: readonly string[]
  readonly exported: boolean
  /** empty: routes nothing inside the mesh */
  readonly rules: readonly RouteRule[]
}

export function decodeVirtualService(root: Field, metadata: Metadata, clusterDomain: string): VirtualServiceResource {
  const spec = root.get('spec').required().only('hosts', 'gateways', 'http', 'tls', 'tcp', 'exportTo')
  const scope: RuleScope = { namespace: metadata.namespace, clusterDomain }
  const hosts = readHosts(spec.get('hosts'), scope)
  const exported = readExported(spec.get('exportTo'))
  const rules = [...readHttpRules(spec.get('http'), scope), ...readTcpRules(spec.get('tcp'), scope)]
  for (const rule of spec.get('tls').items()) rule.leaveOut('routes by server name, which is not looked at: skipped')
  const inside = isForMesh(spec.get('gateways'))
  if (!inside) spec.get('gateways').warn('names gateways only: nothing inside the mesh is routed by this')
  return { ...metadata, kind: 'VirtualService', hosts, exported, rules: inside ? rules : [] }
}

function readHosts(list: Field, scope: RuleScope): string[] {
  const fields = list.required().items()
  if (list.present && fields.length === 0) list.refuse('is empty')
  const hosts = fields.map(readHostOrAll).filter((host) => host !== undefined)
  return [...new Set(hosts.map((host) => fullHost(host, scope.namespace, scope.clusterDomain)))]
}
