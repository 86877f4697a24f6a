/** Processes inside a lab: in a pod's network namespace, in a cgroup, always ended with the lab. */
import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Pod } from './network.ts'
import type { UndoStack } from './undo.ts'

export interface Where {
  readonly pod?: Pod
  /** cgroup2 directory */
  readonly cgroup?: string
}

/** The command line that runs another one at a place. */
export function commandAt({ pod, cgroup }: Where, command: readonly string[]): [string, ...string[]] {
  const inside = pod === undefined ? command : ['nsenter', `--net=${pod.netnsPath}`, '--', ...command]
  // The shell joins the group and then becomes the command: no moment of it runs outside.
  return cgroup === undefined
    ? ['env', ...inside]
    : ['sh', '-c', 'echo $$ > "$0/cgroup.procs" && exec "$@"', cgroup, ...inside]
}

/** Starts it; the end of the lab ends it too (SIGTERM, then SIGKILL). */
export function start(
  undo: UndoStack,
  where: Where,
  command: readonly string[],
  options: SpawnOptions = {},
): ChildProcess {
  const [file, ...args] = commandAt(where, command)
  const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'inherit'], ...options })
  undo.push(`process ${command.join(' ')}`, () => stop(child))
  return child
}

export function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null
}

export async function stop(child: ChildProcess, patienceMs = 3000): Promise<void> {
  if (child.pid === undefined || hasEnded(child)) return
  const ended = once(child, 'exit')
  child.kill('SIGTERM')
  const timer = setTimeout(() => child.kill('SIGKILL'), patienceMs)
  await ended
  clearTimeout(timer)
}

/** Runs to the end. @returns standard output and the status; null: ended by a signal */
export async function finish(child: ChildProcess): Promise<{ output: string; status: number | null }> {
  let output = ''
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    output += text
  })
  await once(child, 'close')
  return { output, status: child.exitCode }
}

/** Waits for a line of standard output. @throws when the process ends before, or after the time */
export async function waitForLine(child: ChildProcess, pattern: RegExp, patienceMs = 20_000): Promise<string> {
  const abort = new AbortController()
  let seen = ''
  const found = new Promise<string>((resolve, reject) => {
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      seen += text
      const line = seen.split('\n').find((candidate) => pattern.test(candidate))
      if (line !== undefined) resolve(line)
    })
    child.once('exit', (status, signal) => {
      reject(new Error(`ended (${signal ?? `status ${status}`}) before it printed ${String(pattern)}: ${seen.trim()}`))
    })
    void sleep(patienceMs, undefined, { signal: abort.signal }).then(
      () => reject(new Error(`did not print ${String(pattern)} within ${patienceMs} ms: ${seen.trim()}`)),
      () => undefined,
    )
  })
  try {
    return await found
  } finally {
    abort.abort()
  }
}
