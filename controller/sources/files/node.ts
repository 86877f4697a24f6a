/** Node (v1): where it stands, and the addresses at which node ports answer. */
import type { Locality } from '../../model/locality.ts'
import { canonicalAddress } from './address.ts'
import type { Field } from './field.ts'
import type { Metadata } from './metadata.ts'

export interface NodeResource extends Metadata {
  readonly kind: 'Node'
  readonly locality: Locality
  readonly addresses: readonly string[]
}

export function decodeNode(root: Field, metadata: Metadata): NodeResource {
  const labels = root.get('metadata').get('labels').texts()
  return {
    ...metadata,
    kind: 'Node',
    locality: {
      region: labels['topology.kubernetes.io/region'] ?? '',
      zone: labels['topology.kubernetes.io/zone'] ?? '',
      subzone: labels['topology.istio.io/subzone'] ?? '',
    },
    addresses: root.get('status').get('addresses').items().flatMap(readNodeAddress),
  }
}

function readNodeAddress(field: Field): string[] {
  const type = field.get('type').required().text()
  if (type !== 'InternalIP' && type !== 'ExternalIP') return []
  const text = field.get('address').required().text()
  if (text === undefined) return []
  const address = canonicalAddress(text)
  if (address !== undefined) return [address]
  field.get('address').refuse(`"${text.slice(0, 80)}" is no IP address`)
  return []
}
