/** What is in the folder: files to read, and folders to watch. Links are followed, ConfigMap mounts consist of them. */
import { readdirSync, realpathSync, type Stats, statSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import type { Problem } from '../../model/problem.ts'

/** As it was when looked at. Another content has another stamp, unless it was written within one tick of the clock. */
export interface FileStamp {
  readonly inode: string
  readonly size: number
  readonly modified: number
  /** of the inode: also by renaming */
  readonly changed: number
}

export interface FolderScan {
  readonly files: ReadonlyMap<string, FileStamp>
  /** path -> inode */
  readonly folders: ReadonlyMap<string, string>
  /** those of them with links in them */
  readonly linking: ReadonlySet<string>
  /** folders elsewhere in which files are that links lead to; path -> inode */
  readonly outside: ReadonlyMap<string, string>
  /** and these files */
  readonly targets: ReadonlySet<string>
  /** folders that could not be read: what they held stays */
  readonly unreadable: readonly string[]
  readonly problems: readonly Problem[]
}

/** Hidden files and what editors leave behind are none of ours. */
export function isConfigName(name: string): boolean {
  return /^[^.#].*\.(yaml|yml|json)$/i.test(name)
}

export function stampOf(stats: Stats): FileStamp {
  return { inode: inodeOf(stats), size: stats.size, modified: stats.mtimeMs, changed: stats.ctimeMs }
}

/**
 * @returns undefined: there is no such file, or it is none
 * @throws where that cannot be told
 */
export function stampAt(path: string): FileStamp | undefined {
  const stats = statSync(path, { throwIfNoEntry: false })
  return stats?.isFile() ? stampOf(stats) : undefined
}

/** Whether this may be a folder, or lead to one. */
export function maybeFolder(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false
  } catch {
    return true
  }
}

export function sameStamp(a: FileStamp, b: FileStamp): boolean {
  return a.inode === b.inode && a.size === b.size && a.modified === b.modified && a.changed === b.changed
}

export function scanFolder(root: string): FolderScan {
  const files = new Map<string, FileStamp>()
  const folders = new Map<string, string>()
  const linking = new Set<string>()
  const outside = new Map<string, string>()
  const targets = new Set<string>()
  const unreadable: string[] = []
  const problems: Problem[] = []
  const seen = new Set<string>()

  const complain = (path: string, error: unknown): void => {
    const message = `cannot be read: ${(error as Error).message}`
    problems.push({
      severity: 'error',
      resource: '',
      field: '',
      message,
      place: { file: path, line: 1 },
      wholeFile: true,
    })
  }
  const visit = (folder: string): void => {
    try {
      const inode = inodeOf(statSync(folder))
      if (seen.has(inode)) return
      seen.add(inode)
      folders.set(folder, inode)
      for (const entry of readdirSync(folder, { withFileTypes: true })) {
        if (entry.name.startsWith('.')) continue
        const path = join(folder, entry.name)
        if (entry.isDirectory()) visit(path)
        else if (entry.isSymbolicLink()) follow(path)
        else if (entry.isFile() && isConfigName(entry.name)) take(path)
      }
    } catch (error) {
      unreadable.push(folder)
      complain(folder, error)
    }
  }
  const take = (path: string): void => {
    const stamp = stampAt(path)
    if (stamp !== undefined) files.set(path, stamp)
  }
  const takeLinked = (path: string, target: string): void => {
    take(path)
    targets.add(target)
    outside.set(dirname(target), inodeOf(statSync(dirname(target))))
  }
  const follow = (path: string): void => {
    linking.add(dirname(path))
    try {
      if (statSync(path).isDirectory()) visit(path)
      else if (isConfigName(basename(path))) takeLinked(path, realpathSync(path))
    } catch (error) {
      if (isConfigName(basename(path))) complain(path, error)
    }
  }
  visit(root)
  for (const [path, inode] of outside) if (seen.has(inode)) outside.delete(path)
  return { files, folders, linking, outside, targets, unreadable, problems }
}

function inodeOf({ dev, ino }: Stats): string {
  return `${dev}:${ino}`
}
