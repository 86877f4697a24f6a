/**
 * The BPF filesystem that the pins live in. Where none is mounted we mount one, and
 * a symbolic link in it remembers that, so that a clean-up takes it away again.
 */
import { existsSync, mkdirSync, readdirSync, readlinkSync, realpathSync, rmdirSync, symlinkSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { native } from '../../native/index.ts'
import { errnoOf, KernelError, type Log, messageOf } from './error.ts'
import { mountOf, readMounts } from './mounts.ts'

const BPFFS_MAGIC = 0xcafe4a11
/** Points to the topmost directory that was made for the mount, or to `.` */
const MARKER = 'kmesh_mounted'
/** What the kernel itself puts into a fresh bpffs (CONFIG_BPF_PRELOAD). */
const KERNEL_FILES = new Set(['maps.debug', 'progs.debug'])

export function isBpffs(path: string): boolean {
  return existsSync(path) && native().fsType(path) === BPFFS_MAGIC
}

/** @returns the path without symbolic links. @throws KernelError */
export function ensureBpffs(path: string, log: Log): string {
  const wanted = resolve(path)
  let made: string | undefined
  try {
    made = makeDirectories(wanted)
    const real = realpathSync(wanted)
    if (native().fsType(real) !== BPFFS_MAGIC) {
      native().mountBpffs(real)
      symlinkSync(made === undefined ? '.' : realpathSync(made), join(real, MARKER))
      log.info(`mounted a BPF filesystem at ${real}`)
    }
    return real
  } catch (error) {
    if (made !== undefined) removeDirectories(wanted, made)
    throw new KernelError('path', `no BPF filesystem at ${wanted}, and none could be mounted: ${messageOf(error)}`)
  }
}

/** Takes away the mount and the directories that `ensureBpffs` made; leaves what others use. @returns what stays, and why */
export function releaseBpffs(path: string, log: Log): string | undefined {
  if (!isBpffs(path)) return undefined
  const real = realpathSync(path)
  if (mountOf(readMounts(), real)?.path !== real) return undefined
  let made: string
  try {
    made = readlinkSync(join(real, MARKER))
  } catch {
    return undefined
  }
  const others = readdirSync(real).filter((name) => name !== MARKER && !KERNEL_FILES.has(name))
  if (others.length > 0) return `the BPF filesystem at ${real} stays mounted: ${others.join(', ')} is pinned in it`
  native().unmount(real)
  log.info(`unmounted the BPF filesystem at ${real}`)
  if (made !== '.') removeDirectories(real, made)
  return undefined
}

/** @returns the topmost one that was not there. (Node's own recursive mkdir never ends in /proc.) */
function makeDirectories(path: string): string | undefined {
  if (existsSync(path)) return undefined
  const above = makeDirectories(dirname(path))
  mkdirSync(path)
  return above ?? path
}

/** From `path` up to `top`, as far as they are empty. */
function removeDirectories(path: string, top: string): void {
  for (let dir = path; ; dir = dirname(dir)) {
    try {
      rmdirSync(dir)
    } catch (error) {
      if (errnoOf(error) === 'ENOTEMPTY' || errnoOf(error) === 'EBUSY' || errnoOf(error) === 'EEXIST') return
      if (errnoOf(error) !== 'ENOENT') throw error
    }
    if (dir === top || dir === dirname(dir)) return
  }
}
