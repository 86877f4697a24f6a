/**
 * Control groups, version 2: where they are mounted, which one a process is in,
 * and the id by which BPF programs know them.
 */
import { existsSync, mkdirSync, readFileSync, realpathSync, rmdirSync, statSync } from 'node:fs'
import { join, relative } from 'node:path'
import { native } from '../../native/index.ts'
import { Limits } from '../abi/layouts.generated.ts'
import { errnoOf, KernelError } from './error.ts'
import { isBelow, type Mount, mountOf, readMounts } from './mounts.ts'

const CGROUP2_MAGIC = 0x63677270

/** The mount that shows the most: the default of --cgroup2-path. */
export function findCgroup2(mounts: readonly Mount[] = readMounts()): string | undefined {
  const all = mounts.filter((mount) => mount.type === 'cgroup2')
  return (all.find((mount) => mount.root === '/') ?? all[0])?.path
}

/** @returns the path without symbolic links. @throws KernelError where it is no cgroup2 directory */
export function checkCgroup(path: string): string {
  let real: string
  try {
    real = realpathSync(path)
  } catch (error) {
    throw new KernelError(
      'path',
      `cgroup ${path}: ${errnoOf(error) === 'ENOENT' ? 'no such directory' : errnoOf(error)}`,
    )
  }
  if (native().fsType(real) !== CGROUP2_MAGIC || !statSync(real).isDirectory()) {
    const found = findCgroup2()
    const hint = found === undefined ? 'none is mounted here' : `one is mounted at ${found}`
    throw new KernelError('path', `${path} is not a directory of a cgroup2 filesystem: ${hint}`)
  }
  return real
}

/** What bpf_get_current_cgroup_id tells for processes in it: the inode number. */
export function cgroupId(path: string): bigint {
  return statSync(path, { bigint: true }).ino
}

/**
 * How many levels below the root of the hierarchy it lies, as bpf_get_current_ancestor_cgroup_id
 * counts; undefined inside a cgroup namespace, where nobody can tell.
 */
export function cgroupDepth(path: string): number | undefined {
  const mount = mountOf(readMounts(), path)
  // Only the real root has no type: every other group is domain or threaded.
  if (mount === undefined || existsSync(join(mount.path, 'cgroup.type'))) return undefined
  const below = relative(mount.path, path)
  return below === '' ? 0 : below.split('/').length
}

/** @returns the cgroup2 directory of a process; undefined: there is no such process, or its group is out of sight */
export function cgroupOfProcess(pid: number, mountPath = findCgroup2()): string | undefined {
  const mount = readMounts().find((candidate) => candidate.type === 'cgroup2' && candidate.path === mountPath)
  if (mount === undefined) return undefined
  let text: string
  try {
    text = readFileSync(`/proc/${pid}/cgroup`, 'utf8')
  } catch {
    return undefined
  }
  const group = text
    .split('\n')
    .find((line) => line.startsWith('0::'))
    ?.slice(3)
    .replace(/ \(deleted\)$/, '')
  if (group === undefined || group.startsWith('/..') || !isBelow(group, mount.root)) return undefined
  const path = join(mount.path, relative(mount.root, group))
  return existsSync(path) ? path : undefined
}

/** Makes one level; there already is no error. */
export function makeCgroup(path: string): void {
  try {
    mkdirSync(path)
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') throw error
  }
}

/** @returns false while processes or groups are in it */
export function removeCgroup(path: string): boolean {
  try {
    rmdirSync(path)
  } catch (error) {
    if (errnoOf(error) === 'EBUSY' || errnoOf(error) === 'ENOTEMPTY') return false
    if (errnoOf(error) !== 'ENOENT') throw error
  }
  return true
}

/** Bits for `settings.cgroup_levels`: where programs must look for a member at this depth. */
export function levelBits(depth: number | undefined): number {
  return depth === undefined ? 2 ** Limits.CGROUP_LEVELS - 1 : 1 << depth
}
