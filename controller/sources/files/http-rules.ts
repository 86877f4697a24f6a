/**
 * http rules of a VirtualService, for whole connections: the rules that hold for every request on a port decide.
 * What depends on the request is reported and skipped.
 */
import type { RouteMatch, RouteRule } from '../../model/traffic-policy.ts'
import { isForAllClients } from './clients.ts'
import { type Field, pathText } from './field.ts'
import { type RuleScope, readDestinations } from './route.ts'

/** A rule with one of these sends requests nowhere by itself. */
const NOT_FORWARDING = ['redirect', 'directResponse', 'delegate']

/** Say nothing about which requests match. */
const HARMLESS = ['name', 'port', 'gateways', 'sourceLabels', 'sourceNamespace', 'statPrefix', 'ignoreUriCase']

export function readHttpRules(list: Field, scope: RuleScope): RouteRule[] {
  const fields = list.items()
  const rules: RouteRule[] = []
  for (const field of fields) {
    const alternatives = field.get('match').items()
    const matches = alternatives.flatMap(readMatch)
    const holds = alternatives.length === 0 || matches.length > 0
    const answer = NOT_FORWARDING.find((key) => field.get(key).present)
    if (answer !== undefined) {
      field.get(answer).leaveOut('is not honoured: this rule is skipped')
      // The rules behind it were never meant for the requests it holds for.
      if (holds) break
      continue
    }
    field.only('name', 'match', 'route')
    const destinations = readDestinations(field.get('route'), scope)
    if (holds) rules.push({ field: pathText(field.path), protocol: 'http', matches, destinations })
  }
  if (fields.length > 0 && rules.length === 0)
    list.leaveOut('has no rule that holds for every request: not routed by these')
  return rules
}

/** @returns nothing: this alternative depends on the request or on the client, reported */
function readMatch(field: Field): RouteMatch[] {
  let all = isForAllClients(field)
  for (const [key, condition] of field.entries()) {
    // Every path begins with a slash.
    if (HARMLESS.includes(key) || (key === 'uri' && condition.get('prefix').value === '/')) continue
    condition.leaveOut('depends on the request, which is not looked at: this match is skipped')
    all = false
  }
  const port = field.get('port').port()
  return all ? [{ ...(port !== undefined && { port }), destinationSubnets: [] }] : []
}
