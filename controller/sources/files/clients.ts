/** Conditions of a route on who asks. One set of tables serves all clients, so only what holds for all can be used. */
import type { Field } from './field.ts'

export const CLIENT_FIELDS = ['gateways', 'sourceLabels', 'sourceNamespace', 'sourceSubnet', 'sourceSubnets']

export function isForAllClients(match: Field): boolean {
  let all = true
  for (const [key, condition] of match.entries()) {
    if (!CLIENT_FIELDS.includes(key) || isEmpty(condition)) continue
    if (key === 'gateways' && isForMesh(condition)) continue
    condition.leaveOut('is for some clients only, which are not told apart: this match is skipped')
    all = false
  }
  return all
}

function isEmpty({ value }: Field): boolean {
  return (
    value === undefined ||
    value === '' ||
    (typeof value === 'object' && value !== null && Object.keys(value).length === 0)
  )
}

/** `mesh` stands for all clients inside the mesh; without any gateway named it is meant. */
export function isForMesh(gateways: Field): boolean {
  const names = gateways.items().map((field) => field.text())
  return names.length === 0 || names.includes('mesh')
}
