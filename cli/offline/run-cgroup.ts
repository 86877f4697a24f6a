/** The cgroup of one `kmeshctl run`: made, emptied, taken away again. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { errnoOf } from '../../controller/kernel/error.ts'
import { Failure } from '../failure.ts'

const MAX_ATTEMPTS = 100
const PAUSE_MS = 20

/** @returns `PARENT/kmesh-run-PID`, with a number behind it where another pid namespace has one of that name */
export function makeRunCgroup(parent: string): string {
  for (let n = 0; n < MAX_ATTEMPTS; n++) {
    const path = join(parent, `kmesh-run-${process.pid}${n === 0 ? '' : `-${n}`}`)
    try {
      mkdirSync(path)
      return path
    } catch (error) {
      if (errnoOf(error) === 'EEXIST') continue
      const hint = errnoOf(error) === 'EACCES' || errnoOf(error) === 'EPERM' ? ': run it as root' : ''
      throw new Failure(`cannot make the cgroup ${path} (${errnoOf(error)})${hint}`)
    }
  }
  throw new Failure(`${parent} is full of cgroups kmesh-run-${process.pid}`)
}

/**
 * Moves what is left in it to `home`, where it goes on, and removes it with all that is below.
 * @returns how many processes were moved
 */
export async function removeRunCgroup(path: string, home: string): Promise<number> {
  let moved = 0
  for (let n = 0; n < MAX_ATTEMPTS && existsSync(path); n++) {
    for (const group of groupsOf(path)) {
      for (const pid of processesOf(group)) if (move(pid, home)) moved++
      removeIfEmpty(group)
    }
    if (existsSync(path)) await sleep(PAUSE_MS)
  }
  if (existsSync(path)) throw new Failure(`the cgroup ${path} could not be emptied`)
  return moved
}

/** Ends all that is in it, and removes it with all that is below. */
export async function destroyRunCgroup(path: string): Promise<void> {
  for (let n = 0; n < MAX_ATTEMPTS && existsSync(path); n++) {
    for (const group of groupsOf(path)) {
      for (const pid of processesOf(group)) kill(pid)
      removeIfEmpty(group)
    }
    if (existsSync(path)) await sleep(PAUSE_MS)
  }
}

/** It and all below, the lowest first. */
function groupsOf(path: string): string[] {
  try {
    const below = readdirSync(path, { withFileTypes: true }).filter((entry) => entry.isDirectory())
    return [...below.flatMap(({ name }) => groupsOf(join(path, name))), path]
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return []
    throw error
  }
}

function processesOf(group: string): string[] {
  try {
    return readFileSync(join(group, 'cgroup.procs'), 'utf8')
      .split('\n')
      .filter((pid) => pid !== '')
  } catch (error) {
    if (errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ENODEV') return []
    throw error
  }
}

function move(pid: string, home: string): boolean {
  try {
    writeFileSync(join(home, 'cgroup.procs'), pid)
    return true
  } catch (error) {
    if (errnoOf(error) === 'ESRCH') return false // it ended by itself
    throw error
  }
}

function kill(pid: string): void {
  try {
    process.kill(Number(pid), 'SIGKILL')
  } catch (error) {
    if (errnoOf(error) !== 'ESRCH') throw error
  }
}

function removeIfEmpty(group: string): void {
  try {
    rmdirSync(group)
  } catch (error) {
    if (errnoOf(error) !== 'EBUSY' && errnoOf(error) !== 'ENOENT') throw error
  }
}
