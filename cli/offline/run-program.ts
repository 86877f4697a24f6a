/** One program as a member of the mesh, from the making of its cgroup to the removal. */
import { type ChildProcess, spawn } from 'node:child_process'
import { accessSync, constants, statSync } from 'node:fs'
import { constants as os } from 'node:os'
import { delimiter, join } from 'node:path'
import { cgroupOfProcess, checkCgroup } from '../../controller/kernel/cgroup.ts'
import { messageOf } from '../../controller/kernel/error.ts'
import { native } from '../../native/index.ts'
import { Failure } from '../failure.ts'
import { count } from '../output.ts'
import { warnings } from './log.ts'
import { attachedTo, enroll, leave, type Place } from './membership.ts'
import { makeRunCgroup, removeRunCgroup } from './run-cgroup.ts'
import { Signals } from './signals.ts'
import { startWatchdog } from './watchdog.ts'

export interface RunRequest {
  readonly place: Place
  /** program and arguments */
  readonly words: readonly string[]
  readonly namespace?: string | undefined
  readonly workload?: string | undefined
  /** file of the network namespace to run in */
  readonly netns?: string | undefined
}

/** Joins the cgroup before it becomes the program: none of its sockets can be missed. */
const JOIN = 'echo 0 > "$1/cgroup.procs" || exit 125; shift; exec "$@"'

/** @returns the program's exit status; 128 and the signal's number where one ended it */
export async function runProgram({ place, words, namespace, workload, netns }: RunRequest): Promise<number> {
  const [program = ''] = words
  checkProgram(program)
  const home = cgroupOfProcess(process.pid)
  const signals = new Signals()
  const cgroup = makeRunCgroup(checkCgroup(await attachedTo(place)))
  const watchdog = startWatchdog(cgroup, place)
  let enrolled = false
  try {
    await enroll(place, cgroup, { name: `${program} (kmeshctl run, pid ${process.pid})`, namespace, workload })
    enrolled = true
    if (netns !== undefined) enterNamespace(netns)
    if (signals.stopped !== undefined) return 128 + signals.stopped
    const child = spawn('/bin/sh', ['-c', JOIN, 'sh', cgroup, ...words], { stdio: 'inherit' })
    signals.forwardTo(child)
    return await exitOf(child)
  } finally {
    if (enrolled) await tell(() => leave(place, cgroup))
    await tell(() => sweep(cgroup, home ?? join(cgroup, '..')))
    watchdog.dismiss()
    signals.close()
  }
}

function exitOf(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code, signal) => resolve(code ?? 128 + (signal === null ? 0 : os.signals[signal])))
  })
}

async function sweep(cgroup: string, home: string): Promise<void> {
  const left = await removeRunCgroup(cgroup, home)
  if (left > 0) warnings.warn(`${count(left, 'process', 'processes')} of it left, outside of the mesh`)
}

/** What cannot be cleaned up is told, and does not hide how the program ended. */
async function tell(step: () => Promise<void>): Promise<void> {
  try {
    await step()
  } catch (error) {
    warnings.warn(`cleaning up: ${messageOf(error)}`)
  }
}

/** This thread's children are born in the namespace that it is in. */
function enterNamespace(path: string): void {
  try {
    native().enterNamespace(path)
  } catch (error) {
    throw new Failure(`cannot enter the network namespace ${path}: ${messageOf(error)}`)
  }
}

/** The shell's answers to a program that is not there, before anything is made. */
function checkProgram(program: string): void {
  const path = process.env['PATH'] ?? '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
  const files = program.includes('/') ? [program] : path.split(delimiter).map((folder) => join(folder, program))
  const found = files.filter((file) => statSync(file, { throwIfNoEntry: false })?.isFile())
  if (found.length === 0) throw new Failure(`${program}: no such program`, 127)
  if (!found.some(isExecutable)) throw new Failure(`${program}: permission denied`, 126)
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}
