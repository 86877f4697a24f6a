/** What ends a command early: one line for the user, and the exit status. */
export class Failure extends Error {
  readonly status: number
  constructor(message: string, status: number = ExitStatus.failed) {
    super(message)
    this.name = 'Failure'
    this.status = status
  }
}

export const ExitStatus = {
  ok: 0,
  /** the daemon refused, a check failed, the daemon is not ready */
  failed: 1,
  /** the command line is wrong */
  usage: 2,
  /** nobody answers at the socket */
  noDaemon: 3,
} as const
export type ExitStatus = (typeof ExitStatus)[keyof typeof ExitStatus]
