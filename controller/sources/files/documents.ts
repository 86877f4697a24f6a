/** The documents of one file to resources and problems. */
import type { Place, Problem } from '../../model/problem.ts'
import { clip, type Fault, Field, type FieldKey, pathText } from './field.ts'
import { isUnrelated } from './foreign-kinds.ts'
import { checkKind, decodeResource, type Resource } from './resource.ts'
import type { YamlDocument } from './yaml.ts'

export interface FileContent {
  /** sound ones, in the order of the file */
  readonly resources: readonly Resource[]
  /** resources whose last sound version stays in force, by `Kind namespace/name` */
  readonly refused: ReadonlySet<string>
  readonly problems: readonly Problem[]
}

export interface ReadContext {
  readonly file: string
  readonly clusterDomain: string
  /** whether a sound version of this resource was read from this file before */
  readonly held: (resource: string) => boolean
}

/** So many faults of one resource are told one by one. */
const FAULT_LIMIT = 20

export function readDocuments(documents: Iterable<YamlDocument>, context: ReadContext): FileContent {
  const content = new ContentBuilder(context)
  for (const { value, lineOf } of documents) {
    if (value === null || value === undefined) continue
    content.empty = false
    const line = (path: readonly FieldKey[]): Place => ({ file: context.file, line: lineOf(path) })
    const items = itemsOf(value)
    if (items === undefined) {
      content.add(value, line)
      continue
    }
    for (const [n, item] of items.entries()) content.add(item, (path) => line(['items', n, ...path]))
  }
  return content.finish()
}

/** Items of a List; those of a typed list (`PodList`) do not repeat their kind. @returns undefined: no list */
function itemsOf(value: unknown): unknown[] | undefined {
  if (typeof value !== 'object' || value === null || !('kind' in value) || !('items' in value)) return undefined
  const { kind, items } = value
  if (typeof kind !== 'string' || !kind.endsWith('List') || !Array.isArray(items)) return undefined
  if (kind === 'List') return items
  const header = { apiVersion: 'apiVersion' in value ? value.apiVersion : undefined, kind: kind.slice(0, -4) }
  return items.map((item) => (typeof item === 'object' && item !== null ? { ...header, ...item } : item))
}

class ContentBuilder {
  empty = true
  readonly #context: ReadContext
  readonly #resources: Resource[] = []
  readonly #refused = new Set<string>()
  readonly #problems: Problem[] = []
  readonly #unknown = new Map<string, { place: Place; count: number }>()

  constructor(context: ReadContext) {
    this.#context = context
  }

  add(value: unknown, placeOf: (path: readonly FieldKey[]) => Place): void {
    const faults: Fault[] = []
    const root = Field.root(value, faults)
    const apiVersion = root.get('apiVersion').required().text()
    const kind = root.get('kind').required().text()
    if (apiVersion === undefined || kind === undefined) {
      // Without a kind there is no telling what the rest means.
      this.#report('', faults.slice(0, 1), placeOf)
      return
    }
    const slash = apiVersion.indexOf('/')
    const group = slash === -1 ? '' : apiVersion.slice(0, slash)
    const check = checkKind(group, apiVersion.slice(slash + 1), kind)
    if (check.is === 'unknown') {
      if (!isUnrelated(group)) this.#countUnknown(`${clip(kind)} (${clip(apiVersion)})`, placeOf([]))
    } else if (check.is === 'other-version') {
      root.get('apiVersion').refuse(`${clip(apiVersion)} of ${kind} is not read: write ${check.versions[0]}`)
      this.#report(kind, faults, placeOf)
    } else {
      const { metadata, resource } = decodeResource(root, check.kind, placeOf([]), this.#context.clusterDomain)
      const refused = faults.some((fault) => fault.severity === 'refusal')
      if (resource !== undefined && !refused) this.#resources.push(resource)
      else if (metadata !== undefined) this.#refused.add(metadata.resource)
      this.#report(metadata?.resource ?? kind, faults, placeOf)
    }
  }

  #countUnknown(kind: string, place: Place): void {
    const seen = this.#unknown.get(kind)
    if (seen === undefined) this.#unknown.set(kind, { place, count: 1 })
    else seen.count++
  }

  #report(resource: string, faults: readonly Fault[], placeOf: (path: readonly FieldKey[]) => Place): void {
    for (const { severity, path, message } of faults.slice(0, FAULT_LIMIT)) {
      const held = severity === 'refusal' && this.#context.held(resource)
      this.#problems.push({
        severity: severity === 'warning' ? 'warning' : 'error',
        resource,
        field: pathText(path),
        message: held ? `${message} (the version before stays in force)` : message,
        place: placeOf(path),
      })
    }
    const more = faults.length - FAULT_LIMIT
    if (more > 0) {
      this.#problems.push({
        severity: 'error',
        resource,
        field: '',
        message: `and ${more} more faults`,
        place: placeOf([]),
      })
    }
  }

  finish(): FileContent {
    if (this.empty) {
      const place = { file: this.#context.file, line: 1 }
      this.#problems.push({ severity: 'warning', resource: '', field: '', message: 'is empty', place })
    }
    for (const [kind, { place, count }] of this.#unknown) {
      const message = `${kind} is not honoured${count > 1 ? ` (${count} of them in this file)` : ''}`
      this.#problems.push({ severity: 'warning', resource: '', field: '', message, place })
    }
    return { resources: this.#resources, refused: this.#refused, problems: this.#problems }
  }
}
