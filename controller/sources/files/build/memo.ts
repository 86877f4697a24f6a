/** Remembers what was made for a resource until what it was made from changes; what turns out the same stays. */
import { keep, sameItems } from '../same.ts'

interface Made<T> {
  readonly from: readonly unknown[]
  readonly value: T
}

export class Memo<T> {
  readonly #made = new WeakMap<object, Map<string, Made<T>>>()

  /** @param section tells several things made for one owner apart */
  of(owner: object, section: string, from: readonly unknown[], make: () => T): T {
    let sections = this.#made.get(owner)
    if (sections === undefined) {
      sections = new Map()
      this.#made.set(owner, sections)
    }
    const made = sections.get(section)
    if (made !== undefined && sameItems(made.from, from)) return made.value
    const value = keep(made?.value, make())
    sections.set(section, { from, value })
    return value
  }
}
