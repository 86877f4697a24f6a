/** Signals for us that are meant for the program that we run. */
import type { ChildProcess } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { constants } from 'node:os'

const FORWARDED = ['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGTERM', 'SIGUSR1', 'SIGUSR2'] as const
type Forwarded = (typeof FORWARDED)[number]

/** What a key of the terminal sends goes to the whole foreground group: the program has it already. */
const FROM_TERMINAL: ReadonlySet<Forwarded> = new Set(['SIGINT', 'SIGQUIT'])

export class Signals {
  #child: ChildProcess | undefined
  #stopped: number | undefined
  readonly #listener = (signal: NodeJS.Signals): void => this.#receive(signal as Forwarded)

  constructor() {
    for (const signal of FORWARDED) process.on(signal, this.#listener)
  }

  /** Number of a signal that came before there was a program. */
  get stopped(): number | undefined {
    return this.#stopped
  }

  forwardTo(child: ChildProcess): void {
    this.#child = child
  }

  close(): void {
    for (const signal of FORWARDED) process.off(signal, this.#listener)
  }

  #receive(signal: Forwarded): void {
    if (this.#child === undefined) this.#stopped ??= constants.signals[signal]
    else if (!FROM_TERMINAL.has(signal) || !inForeground()) this.#child.kill(signal)
  }
}

/** Is our process group the one that the terminal's keys go to? Fields of proc_pid_stat(5). */
function inForeground(): boolean {
  const [, , group, , , foreground] = readFileSync('/proc/self/stat', 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ')
  return group === foreground
}
