/** tcp rules of a VirtualService. A rule for some clients only is skipped: it is never widened to all. */
import type { RouteMatch, RouteRule } from '../../model/traffic-policy.ts'
import { canonicalNetwork } from './address.ts'
import { CLIENT_FIELDS, isForAllClients } from './clients.ts'
import { clip, type Field, pathText } from './field.ts'
import { type RuleScope, readDestinations } from './route.ts'

export function readTcpRules(list: Field, scope: RuleScope): RouteRule[] {
  return list.items().flatMap((field) => {
    field.only('match', 'route')
    const alternatives = field.get('match').items()
    const matches = alternatives.flatMap(readMatch)
    const destinations = readDestinations(field.get('route'), scope)
    if (alternatives.length > 0 && matches.length === 0) return []
    return [{ field: pathText(field.path), protocol: 'tcp', matches, destinations }]
  })
}

/** @returns nothing: this alternative cannot be told apart here, reported */
function readMatch(field: Field): RouteMatch[] {
  const port = field.get('port').port()
  const destinationSubnets = field.get('destinationSubnets').items().flatMap(readNetwork)
  if (!isForAllClients(field)) return []
  const unknown = field.entries().filter(([key]) => !['port', 'destinationSubnets', ...CLIENT_FIELDS].includes(key))
  for (const [, condition] of unknown) condition.leaveOut('is not looked at: this match is skipped')
  if (unknown.length > 0) return []
  return [{ ...(port !== undefined && { port }), destinationSubnets }]
}

function readNetwork(field: Field): string[] {
  const text = field.text()
  if (text === undefined) return []
  const network = canonicalNetwork(text)
  if (network === undefined) field.refuse(`"${clip(text)}" is neither an IP address nor a network`)
  return network === undefined ? [] : [network]
}
