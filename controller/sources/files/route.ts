/** What tcp and http rules of a VirtualService have in common: weighted destinations. */
import type { WeightedDestination } from '../../model/traffic-policy.ts'
import { type Field, pathText } from './field.ts'
import { fullHost, readHost } from './names.ts'

export interface RuleScope {
  readonly namespace: string
  readonly clusterDomain: string
}

const MAX_WEIGHT = 0x7fffffff

/** @param list the rule's `route` */
export function readDestinations(list: Field, scope: RuleScope): WeightedDestination[] {
  const fields = list.required().items()
  if (list.present && fields.length === 0) list.refuse('is empty')
  const destinations = fields.flatMap((field) => readDestination(field, fields.length === 1, scope))
  const faultless = destinations.length === fields.length && fields.length > 0
  if (faultless && destinations.every(({ weight }) => weight === 0)) list.refuse('has weights that are all 0')
  return destinations
}

function readDestination(field: Field, only: boolean, scope: RuleScope): WeightedDestination[] {
  const destination = field.only('destination', 'weight').get('destination').required().only('host', 'subset', 'port')
  const host = readHost(destination.get('host').required())
  const subset = destination.get('subset').text() ?? ''
  const port = destination.get('port').only('number').get('number').port()
  const weight = field.get('weight').integer(0, MAX_WEIGHT)
  if (host === undefined) return []
  return [
    {
      host: fullHost(host, scope.namespace, scope.clusterDomain),
      ...(subset !== '' && { subset }),
      ...(port !== undefined && { port }),
      // A single destination takes everything, whatever its weight says.
      weight: only ? 100 : (weight ?? 0),
      field: pathText(field.path),
    },
  ]
}
