/** exportTo of policies. Istio tells clients apart by namespace; one set of tables serves all clients here. */
import type { Field } from './field.ts'

/** @returns whether the policy is for clients of every namespace */
export function readExported(list: Field): boolean {
  const values = list.items().map((field) => field.text())
  if (values.length === 0 || values.includes('*')) return true
  list.warn('is not honoured to the letter: it covers the services of its own namespace, for clients of all namespaces')
  return false
}
