/** Which pods and WorkloadEntries a selector chooses. */
import type { Metadata } from '../metadata.ts'

export type Labels = Readonly<Record<string, string>>

export function selects(selector: Labels, labels: Labels): boolean {
  return Object.entries(selector).every(([key, value]) => labels[key] === value)
}

/** Finds the labelled things of a namespace by the rarest pair of a selector instead of one after the other. */
export class LabelIndex<T extends Metadata> {
  readonly #byPair = new Map<string, T[]>()
  readonly #byNamespace = new Map<string, T[]>()
  readonly #labelsOf: (thing: T) => Labels

  constructor(things: Iterable<T>, labelsOf: (thing: T) => Labels) {
    this.#labelsOf = labelsOf
    for (const thing of things) {
      append(this.#byNamespace, thing.namespace, thing)
      for (const [key, value] of Object.entries(labelsOf(thing)))
        append(this.#byPair, pair(thing.namespace, key, value), thing)
    }
    for (const list of this.#byNamespace.values()) list.sort(byName)
    for (const list of this.#byPair.values()) list.sort(byName)
  }

  /** In the order of their names. An empty selector chooses all. */
  chosen(namespace: string, selector: Labels): readonly T[] {
    let fewest = this.#byNamespace.get(namespace) ?? []
    for (const [key, value] of Object.entries(selector)) {
      const having = this.#byPair.get(pair(namespace, key, value)) ?? []
      if (having.length < fewest.length) fewest = having
    }
    return fewest.filter((thing) => selects(selector, this.#labelsOf(thing)))
  }
}

function append<T>(lists: Map<string, T[]>, key: string, thing: T): void {
  const list = lists.get(key)
  if (list === undefined) lists.set(key, [thing])
  else list.push(thing)
}

const pair = (namespace: string, key: string, value: string): string => `${namespace}\n${key}\n${value}`

const byName = (a: Metadata, b: Metadata): number => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0)
