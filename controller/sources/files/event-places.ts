/** Where in the text each field of a parsed document is. */
import { EVENT_ID, type Event } from 'js-yaml'
import type { FieldKey } from './field.ts'

interface Found {
  /** index of the event that begins the node */
  readonly node: number
  /** offset in the text */
  readonly at: number
}

export class EventPlaces {
  readonly #text: string
  readonly #events: readonly Event[]
  #lineStarts: readonly number[] | undefined
  #ends: Int32Array | undefined

  constructor(text: string, events: readonly Event[]) {
    this.#text = text
    this.#events = events
  }

  /** @returns the line, from 1, of the field at a path below the node `root`, or of the nearest one above it */
  line(root: number, path: readonly FieldKey[]): number {
    let found: Found = { node: root, at: offsetOf(this.#events[root]) }
    for (const key of path) {
      const child = typeof key === 'number' ? this.#item(found.node, key) : this.#entry(found.node, key)
      if (child === undefined) break
      found = child
    }
    return this.#lineAt(Math.max(0, found.at))
  }

  #item(list: number, wanted: number): Found | undefined {
    if (this.#events[list]?.type !== EVENT_ID.SEQUENCE) return undefined
    let node = list + 1
    for (let n = 0; n < wanted && this.#events[node]?.type !== EVENT_ID.POP; n++) node = this.#after(node)
    const event = this.#events[node]
    return event === undefined || event.type === EVENT_ID.POP ? undefined : { node, at: offsetOf(event) }
  }

  #entry(mapping: number, wanted: string): Found | undefined {
    if (this.#events[mapping]?.type !== EVENT_ID.MAPPING) return undefined
    for (let node = mapping + 1; ; node = this.#after(this.#after(node))) {
      const key = this.#events[node]
      if (key === undefined || key.type === EVENT_ID.POP) return undefined
      if (key.type !== EVENT_ID.SCALAR || this.#text.slice(key.valueStart, key.valueEnd) !== wanted) continue
      return { node: this.#after(node), at: key.valueStart }
    }
  }

  /** @returns the event after the whole node that begins here */
  #after(node: number): number {
    this.#ends ??= nodeEnds(this.#events)
    return this.#ends[node] ?? node + 1
  }

  #lineAt(offset: number): number {
    this.#lineStarts ??= lineStarts(this.#text)
    let low = 0
    let high = this.#lineStarts.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#lineStarts[middle] ?? 0) <= offset) low = middle + 1
      else high = middle
    }
    return low
  }
}

function lineStarts(text: string): number[] {
  const starts = [0]
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) starts.push(at + 1)
  return starts
}

/** For each event the one after its node: one pass, so that stepping over a node costs nothing. */
function nodeEnds(events: readonly Event[]): Int32Array {
  const ends = new Int32Array(events.length)
  const open: number[] = []
  for (const [n, { type }] of events.entries()) {
    ends[n] = n + 1
    if (type === EVENT_ID.POP) {
      const start = open.pop()
      if (start !== undefined) ends[start] = n + 1
    } else if (type !== EVENT_ID.SCALAR && type !== EVENT_ID.ALIAS) {
      open.push(n)
    }
  }
  return ends
}

function offsetOf(event: Event | undefined): number {
  if (event === undefined) return 0
  if (event.type === EVENT_ID.SCALAR) return event.valueStart
  if (event.type === EVENT_ID.SEQUENCE || event.type === EVENT_ID.MAPPING) return event.start
  return event.type === EVENT_ID.ALIAS ? event.anchorStart : 0
}
