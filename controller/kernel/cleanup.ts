/** Takes away every trace of ours from the kernel, in whatever state it is, without a daemon. */
import { existsSync, readdirSync, realpathSync } from 'node:fs'
import { join } from 'node:path'
import { native } from '../../native/index.ts'
import { isBpffs, releaseBpffs } from './bpffs.ts'
import { removeCgroup } from './cgroup.ts'
import { type Log, messageOf } from './error.ts'
import { Links } from './links.ts'
import { lockPins } from './lock.ts'
import { list, Pins, remove } from './pins.ts'

export interface CleanupResult {
  /** what was taken away, for people */
  readonly removed: readonly string[]
  /** what stays, and why */
  readonly left: readonly string[]
}

/** @throws KernelError while a daemon works on these pins */
export function cleanup(bpfFsPath: string, log: Log): CleanupResult {
  if (!existsSync(bpfFsPath) || !isBpffs(bpfFsPath)) return { removed: [], left: [] }
  const pins = new Pins(realpathSync(bpfFsPath))
  const removed: string[] = []
  const left: string[] = []
  if (pins.exists()) {
    const lock = lockPins(pins.root)
    try {
      const cgroupPath = pins.cgroup()
      const links = new Links(pins, log)
      // Detached first: from here on no traffic depends on the maps.
      removed.push(...links.dropAll().map((hook) => `attachment ${hook}`))
      remove(pins.root)
      removed.push(pins.root)
      if (cgroupPath !== undefined) removeCgroups(cgroupPath, removed, left)
    } finally {
      native().closeFd(lock)
    }
  }
  const reason = releaseBpffs(bpfFsPath, log)
  if (reason !== undefined) left.push(reason)
  return { removed, left }
}

/** Groups of ours directly below the one that we were attached to; those with processes stay. */
function removeCgroups(cgroupPath: string, removed: string[], left: string[]): void {
  for (const name of list(cgroupPath)) {
    if (!name.startsWith('kmesh-')) continue
    const path = join(cgroupPath, name)
    try {
      if (removeEmpty(path)) removed.push(`cgroup ${path}`)
      else left.push(`cgroup ${path}: processes are in it`)
    } catch (error) {
      left.push(`cgroup ${path}: ${messageOf(error)}`)
    }
  }
}

function removeEmpty(path: string): boolean {
  for (const entry of readdirSync(path, { withFileTypes: true })) {
    if (entry.isDirectory()) removeEmpty(join(path, entry.name))
  }
  return removeCgroup(path)
}
