/**
 * All resources of the folder, by kind. Each file holds what it said last; where two say something about the same
 * resource, the first by path and line is in force. What does not change stays the object it was.
 */
import type { Problem } from '../../model/problem.ts'
import type { FileContent } from './documents.ts'
import type { Kind, Resource, ResourceByKind } from './resource.ts'
import { keep } from './same.ts'

/** One resource that came, went or became another. */
export interface ResourceChange {
  readonly before: Resource | undefined
  readonly after: Resource | undefined
}

interface HeldFile {
  readonly resources: readonly Resource[]
  readonly problems: readonly Problem[]
}

export class ResourceStore {
  readonly #files = new Map<string, HeldFile>()
  /** files with problems */
  readonly #complaining = new Set<string>()
  /** everything said about a resource, by `Kind namespace/name` */
  readonly #said = new Map<string, Resource[]>()
  readonly #double = new Set<string>()
  readonly #byKind = new Map<Kind, Map<string, Resource>>()
  readonly #versions = new Map<Kind, number>()
  #changes: ResourceChange[] = []

  /** by `namespace/name` */
  all<K extends Kind>(kind: K): ReadonlyMap<string, ResourceByKind[K]> {
    return this.#table(kind) as unknown as ReadonlyMap<string, ResourceByKind[K]>
  }

  /** A number that is another one after each change to resources of these kinds. */
  version(...kinds: readonly Kind[]): number {
    return kinds.reduce((sum, kind) => sum + (this.#versions.get(kind) ?? 0), 0)
  }

  /** What changed since this was last asked. */
  takeChanges(): readonly ResourceChange[] {
    const changes = this.#changes
    this.#changes = []
    return changes
  }

  /** Whether anything that this file said is in force. */
  has(file: string): boolean {
    return (this.#files.get(file)?.resources.length ?? 0) > 0
  }

  holds(file: string, resource: string): boolean {
    return this.#said.get(resource)?.some((said) => said.place.file === file) ?? false
  }

  /** Takes a file as it is now; refused resources stay as they were. */
  put(file: string, content: FileContent): void {
    const old = new Map<string, Resource>()
    for (const resource of this.#files.get(file)?.resources ?? []) {
      if (!old.has(resource.resource)) old.set(resource.resource, resource)
    }
    const now = content.resources.map((resource) => keep(old.get(resource.resource), resource))
    const named = new Set(now.map((resource) => resource.resource))
    for (const name of content.refused) {
      const last = named.has(name) ? undefined : old.get(name)
      if (last !== undefined) now.push(last)
    }
    this.#replace(file, { resources: now, problems: content.problems })
  }

  /** Leaves a file's resources as they are, and reports why. */
  complain(file: string, problem: Problem): void {
    this.#replace(file, { resources: this.#files.get(file)?.resources ?? [], problems: [problem] })
  }

  remove(file: string): void {
    this.#replace(file, { resources: [], problems: [] })
    this.#files.delete(file)
  }

  problems(): Problem[] {
    const problems: Problem[] = []
    for (const file of [...this.#complaining].sort()) problems.push(...(this.#files.get(file)?.problems ?? []))
    for (const name of [...this.#double].sort()) problems.push(...doubles(this.#said.get(name) ?? []))
    return problems
  }

  #replace(file: string, now: HeldFile): void {
    const before = new Set(this.#files.get(file)?.resources)
    this.#files.set(file, now)
    if (now.problems.length > 0) this.#complaining.add(file)
    else this.#complaining.delete(file)

    const kept = new Set(now.resources)
    for (const resource of before) if (!kept.has(resource)) this.#unsay(resource)
    for (const resource of kept) if (!before.has(resource)) this.#say(resource)
  }

  #say(resource: Resource): void {
    const said = [...(this.#said.get(resource.resource) ?? []), resource]
    this.#settle(resource, said.length === 1 ? said : said.sort((a, b) => this.#compare(a, b)))
  }

  /** By file, then by line, then (all on one line) by their order in the file. */
  #compare(a: Resource, b: Resource): number {
    if (a.place.file !== b.place.file) return a.place.file < b.place.file ? -1 : 1
    if (a.place.line !== b.place.line) return a.place.line - b.place.line
    const order = this.#files.get(a.place.file)?.resources ?? []
    return order.indexOf(a) - order.indexOf(b)
  }

  #unsay(resource: Resource): void {
    this.#settle(
      resource,
      (this.#said.get(resource.resource) ?? []).filter((other) => other !== resource),
    )
  }

  #settle({ resource, kind, namespace, name }: Resource, said: Resource[]): void {
    if (said.length === 0) this.#said.delete(resource)
    else this.#said.set(resource, said)
    if (said.length > 1) this.#double.add(resource)
    else this.#double.delete(resource)

    const key = `${namespace}/${name}`
    const table = this.#table(kind)
    const [first] = said
    const before = table.get(key)
    if (before === first) return
    if (first === undefined) table.delete(key)
    else table.set(key, first)
    this.#versions.set(kind, (this.#versions.get(kind) ?? 0) + 1)
    this.#changes.push({ before, after: first })
  }

  #table(kind: Kind): Map<string, Resource> {
    let table = this.#byKind.get(kind)
    if (table === undefined) {
      table = new Map()
      this.#byKind.set(kind, table)
    }
    return table
  }
}

function doubles([first, ...others]: readonly Resource[]): Problem[] {
  if (first === undefined) return []
  const where = `${first.place.file}:${first.place.line}`
  return others.map(({ resource, place }) => ({
    severity: 'error',
    resource,
    field: '',
    message: `stands in ${where} already: that one is used`,
    place,
  }))
}
