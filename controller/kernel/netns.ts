/** Network namespaces: which one a file or process stands for, and which processes are in one. */
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { readMounts } from './mounts.ts'

/** The inode number names a namespace for as long as it exists. @returns undefined: no such file */
export function netnsInode(path: string): string | undefined {
  try {
    return String(statSync(path, { bigint: true, throwIfNoEntry: false })?.ino ?? '') || undefined
  } catch {
    // A process that ends while we look: ESRCH.
    return undefined
  }
}

export function netnsOfProcess(pid: number | 'self'): string {
  return `/proc/${pid}/ns/net`
}

/** By inode, the files through which namespaces can be reached now: of processes, and bind mounts. */
export function findNamespaces(): ReadonlyMap<string, string> {
  const files = new Map<string, string>()
  for (const { type, path } of readMounts()) {
    if (type === 'nsfs') remember(files, path)
  }
  for (const pid of processes()) remember(files, netnsOfProcess(pid))
  return files
}

export function processesIn(inode: string): number[] {
  return processes().filter((pid) => netnsInode(netnsOfProcess(pid)) === inode)
}

/** The short name of a program; empty when it is gone. */
export function commandOf(pid: number): string {
  try {
    return readFileSync(join('/proc', String(pid), 'comm'), 'utf8').trim()
  } catch {
    return ''
  }
}

function processes(): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
}

function remember(files: Map<string, string>, path: string): void {
  const inode = netnsInode(path)
  if (inode !== undefined && !files.has(inode)) files.set(inode, path)
}
