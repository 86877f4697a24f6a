/** What could not be honoured, as data: it travels with the result instead of ending the work. */

export interface Place {
  readonly file: string
  /** from 1 */
  readonly line: number
}

export interface Problem {
  /** error: the resource (or the named part of it) is not in force; warning: it is, but not to the letter */
  readonly severity: 'error' | 'warning'
  /** e.g. `VirtualService default/reviews`; empty for a whole file */
  readonly resource: string
  /** path of the field, e.g. `spec.http[0].match`; empty for the whole resource */
  readonly field: string
  readonly message: string
  readonly place?: Place
  /** the whole file could not be taken: what it said before, if anything, stays in force */
  readonly wholeFile?: true
}
