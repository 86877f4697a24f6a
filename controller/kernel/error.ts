/** What stops the data plane: one clear line for the operator, and a code for the program. */
export type KernelErrorCode =
  /** root or a capability is missing */
  | 'privileges'
  /** another daemon holds the pins */
  | 'in-use'
  /** a path is not what it must be */
  | 'path'
  /** the kernel refused a program */
  | 'load'
  /** the kernel refused an attachment */
  | 'attach'
  /** there are no pins to work with */
  | 'not-running'
  /** a process, cgroup or namespace that cannot be a member */
  | 'member'

export class KernelError extends Error {
  readonly code: KernelErrorCode
  constructor(code: KernelErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'KernelError'
    this.code = code
  }
}

/** Name of the errno of a failed system call (of Node or of the addon); empty for other errors. */
export function errnoOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : ''
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/** What works less well than it should: shown by status, explain and readiness. */
export interface KernelProblem {
  readonly severity: 'error' | 'warning'
  /** which part: `kernel 5.10`, `connect4`, `members`, ... */
  readonly about: string
  readonly message: string
}

/** Where this layer writes to. A pino logger is one. */
export interface Log {
  debug(message: string): void
  info(message: string): void
  warn(message: string): void
  error(message: string): void
}
