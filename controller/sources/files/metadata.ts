/** What every resource says about itself: kind, name, age, labels. */
import type { Place } from '../../model/problem.ts'
import type { Field } from './field.ts'
import { labelFault, subdomainFault } from './names.ts'

export interface Metadata {
  readonly kind: string
  /** empty for kinds that belong to no namespace */
  readonly namespace: string
  readonly name: string
  /** `Service default/reviews` */
  readonly resource: string
  readonly place: Place
  /** milliseconds since 1970; 0: not known, which counts as oldest */
  readonly created: number
}

/** How a kind's names are made up. */
export interface Naming {
  readonly namespaced: boolean
  readonly name: 'label' | 'subdomain'
}

export function nameOf(kind: string, namespace: string, name: string): string {
  return namespace === '' ? `${kind} ${name}` : `${kind} ${namespace}/${name}`
}

/** @returns undefined: the name is faulty, so this cannot be told from other resources */
export function readMetadata(root: Field, kind: string, naming: Naming, place: Place): Metadata | undefined {
  const metadata = root.get('metadata').required()
  const name = readName(metadata.get('name').required(), naming.name === 'label' ? labelFault : subdomainFault)
  const namespace = naming.namespaced ? readNamespace(metadata.get('namespace')) : ''
  if (name === undefined || namespace === undefined) return undefined
  const created = readTime(metadata.get('creationTimestamp'))
  return { kind, namespace, name, resource: nameOf(kind, namespace, name), place, created }
}

function readNamespace(field: Field): string | undefined {
  return field.present && field.value !== '' ? readName(field, labelFault) : 'default'
}

function readName(field: Field, faultOf: (name: string) => string | undefined): string | undefined {
  const name = field.text()
  const fault = name === undefined ? undefined : faultOf(name)
  if (fault !== undefined) field.refuse(fault)
  return fault === undefined ? name : undefined
}

function readTime(field: Field): number {
  const text = field.text()
  const time = text === undefined ? 0 : Date.parse(text)
  if (Number.isNaN(time)) field.warn('is no time: taken as the oldest')
  return Number.isNaN(time) ? 0 : time
}
