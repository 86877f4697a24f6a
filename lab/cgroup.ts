/** A control group of our own, below the machine's cgroup2 mount. */
import { existsSync, mkdirSync, readFileSync, rmdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { UndoStack } from './undo.ts'

/** @throws where no cgroup2 is mounted */
export function cgroup2Mount(): string {
  const line = readFileSync('/proc/self/mounts', 'utf8')
    .split('\n')
    .find((mount) => mount.split(' ')[2] === 'cgroup2')
  const path = line?.split(' ')[1]
  if (path === undefined) throw new Error('no cgroup2 filesystem is mounted: mount -t cgroup2 none /sys/fs/cgroup')
  return path
}

/** Makes it; at the end whatever still runs in it is killed, and it is removed. */
export function makeLabCgroup(undo: UndoStack, name: string, parent = cgroup2Mount()): string {
  const path = join(parent, name)
  mkdirSync(path)
  undo.push(`cgroup ${path}`, () => removeCgroup(path))
  return path
}

function processesIn(path: string): number[] {
  return readFileSync(join(path, 'cgroup.procs'), 'utf8').split('\n').filter(Boolean).map(Number)
}

async function removeCgroup(path: string): Promise<void> {
  for (let attempt = 0; existsSync(path); attempt++) {
    for (const pid of processesIn(path)) {
      try {
        process.kill(pid, 'SIGKILL')
      } catch {
        // It ended by itself.
      }
    }
    try {
      rmdirSync(path)
    } catch (error) {
      if (attempt === 100) throw error
      await sleep(20)
    }
  }
}
