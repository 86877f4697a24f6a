/** DestinationRule (networking.istio.io), as far as it says where connections go. */
import type { Subset } from '../../model/traffic-policy.ts'
import { type BalancePolicy, readBalancePolicy } from './balance.ts'
import { readExported } from './export-to.ts'
import { clip, type Field } from './field.ts'
import type { Metadata } from './metadata.ts'
import { fullHost, readHost } from './names.ts'

export interface DestinationRuleResource extends Metadata {
  readonly kind: 'DestinationRule'
  readonly host: string
  readonly exported: boolean
  /** has a trafficPolicy of its own: of several rules for a host the first that has one gives it */
  readonly policy?: BalancePolicy
  readonly subsets: ReadonlyMap<string, Subset>
}

export function decodeDestinationRule(
  root: Field,
  metadata: Metadata,
  clusterDomain: string,
): DestinationRuleResource | undefined {
  const spec = root.get('spec').required().only('host', 'trafficPolicy', 'subsets', 'exportTo', 'workloadSelector')
  const host = readHostOrAll(spec.get('host').required())
  if (spec.get('workloadSelector').present) {
    spec.get('workloadSelector').refuse('is for some clients only, which are not told apart: the rule is not used')
  }
  const policy = spec.get('trafficPolicy')
  const subsets = readSubsets(spec.get('subsets'))
  const exported = readExported(spec.get('exportTo'))
  if (host === undefined) return undefined
  return {
    ...metadata,
    kind: 'DestinationRule',
    host: fullHost(host, metadata.namespace, clusterDomain),
    exported,
    ...(policy.present && { policy: readBalancePolicy(policy) }),
    subsets,
  }
}

export function readHostOrAll(field: Field): string | undefined {
  return field.value === '*' ? '*' : readHost(field)
}

function readSubsets(list: Field): ReadonlyMap<string, Subset> {
  const subsets = new Map<string, Subset>()
  for (const field of list.items()) {
    field.only('name', 'labels', 'trafficPolicy')
    const name = field.get('name').required().text()
    const labels = field.get('labels').texts()
    const policy = readBalancePolicy(field.get('trafficPolicy'))
    if (name === undefined) continue
    if (subsets.has(name)) field.get('name').refuse(`"${clip(name)}" is the name of another subset already`)
    subsets.set(name, { name, labels, ...policy })
  }
  return subsets
}
