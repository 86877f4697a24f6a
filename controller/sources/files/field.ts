/**
 * Reads one resource field by field. Every fault is collected with its path, none ends the reading:
 * what a field holds is returned where it is sound, and `undefined` where it is absent or faulty.
 */

export type FieldKey = string | number

export interface Fault {
  /** refusal: the whole resource must not be used; error: this part is left out; warning: not to the letter */
  readonly severity: 'refusal' | 'error' | 'warning'
  readonly path: readonly FieldKey[]
  readonly message: string
}

export class Field {
  /** undefined: absent (null is absence, as in Kubernetes) */
  readonly value: unknown
  readonly #parent: Field | undefined
  readonly #key: FieldKey
  readonly #faults: Fault[]
  #misfit = false

  private constructor(value: unknown, parent: Field | undefined, key: FieldKey, faults: Fault[]) {
    this.value = value === null ? undefined : value
    this.#parent = parent
    this.#key = key
    this.#faults = faults
  }

  static root(value: unknown, faults: Fault[]): Field {
    return new Field(value, undefined, '', faults)
  }

  get present(): boolean {
    return this.value !== undefined
  }

  get path(): FieldKey[] {
    if (this.#parent === undefined) return []
    const path = this.#parent.path
    path.push(this.#key)
    return path
  }

  get(key: string): Field {
    return new Field(this.#mapping()[key], this, key, this.#faults)
  }

  entries(): [string, Field][] {
    return Object.entries(this.#mapping()).map(([name, value]) => {
      const key = detach(name)
      return [key, new Field(value, this, key, this.#faults)]
    })
  }

  #mapping(): Readonly<Record<string, unknown>> {
    if (isMapping(this.value)) return this.value
    if (this.present && !this.#misfit) this.refuse(`is ${kindOf(this.value)}, must be a mapping`)
    this.#misfit = true
    return NOTHING
  }

  items(): Field[] {
    if (!this.present) return []
    if (Array.isArray(this.value)) return this.value.map((item, n) => new Field(item, this, n, this.#faults))
    this.refuse(`is ${kindOf(this.value)}, must be a list`)
    return []
  }

  text(): string | undefined {
    if (typeof this.value === 'string') return detach(this.value)
    if (this.present) this.refuse(`is ${kindOf(this.value)}, must be a string`)
    return undefined
  }

  flag(): boolean | undefined {
    if (typeof this.value === 'boolean') return this.value
    if (this.present) this.refuse(`is ${kindOf(this.value)}, must be true or false`)
    return undefined
  }

  integer(min: number, max: number): number | undefined {
    if (!this.present) return undefined
    if (typeof this.value !== 'number' || !Number.isInteger(this.value)) {
      this.refuse(`is ${kindOf(this.value)}, must be a whole number`)
    } else if (this.value < min || this.value > max) {
      this.refuse(`is ${this.value}, must be ${min} to ${max}`)
    } else {
      return this.value
    }
    return undefined
  }

  port(): number | undefined {
    return this.integer(1, 65535)
  }

  oneOf<T extends string>(...values: readonly T[]): T | undefined {
    const text = this.text()
    if (text === undefined || text === '') return undefined
    const found = values.find((value) => value === text)
    if (found === undefined) this.refuse(`is "${clip(text)}", must be one of ${values.join(', ')}`)
    return found
  }

  /** A mapping of strings: labels, selectors. */
  texts(): Readonly<Record<string, string>> {
    if (!this.present) return NO_TEXTS
    const texts: Record<string, string> = {}
    for (const [key, field] of this.entries()) {
      const text = field.text()
      if (text !== undefined) texts[key] = text
    }
    return texts
  }

  required(): this {
    if (!this.present) this.refuse('is missing')
    return this
  }

  /** Whatever a mapping holds besides `honoured` has no effect here: one warning each. */
  only(...honoured: readonly string[]): this {
    for (const [key, field] of this.entries()) if (!honoured.includes(key)) field.warn('is not honoured')
    return this
  }

  refuse(message: string): void {
    this.#faults.push({ severity: 'refusal', path: this.path, message })
  }

  leaveOut(message: string): void {
    this.#faults.push({ severity: 'error', path: this.path, message })
  }

  warn(message: string): void {
    this.#faults.push({ severity: 'warning', path: this.path, message })
  }
}

const NO_TEXTS: Readonly<Record<string, string>> = {}
const NOTHING: Readonly<Record<string, unknown>> = {}

/** `spec.ports[0].name`, `metadata.labels["a.b/c"]` */
export function pathText(path: readonly FieldKey[]): string {
  let text = ''
  for (const key of path) {
    if (typeof key === 'number') text += `[${key}]`
    else if (!/^[A-Za-z_$][\w$-]*$/.test(key)) text += `[${JSON.stringify(clip(key))}]`
    else text += text === '' ? key : `.${key}`
  }
  return text
}

/** Values are quoted in messages: as much of them as fits into a line. */
export function clip(text: string): string {
  return text.length <= 80 ? text : `${text.slice(0, 77)}...`
}

function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object') return 'a mapping'
  return typeof value === 'string' ? `the string "${clip(value)}"` : `${value}`
}

/**
 * A string cut from a file's text keeps that whole text in memory for as long as it lives (V8 slices strings of
 * 13 characters and more by reference). This one is a copy.
 */
function detach(text: string): string {
  return text.length < 13 ? text : ` ${text}`.slice(1)
}
