/** The mounts of this process, from /proc/self/mountinfo. */
import { readFileSync } from 'node:fs'

export interface Mount {
  readonly path: string
  /** which directory of the filesystem is mounted here: `/` for all of it */
  readonly root: string
  readonly type: string
}

/** @param text in the format of /proc/self/mountinfo (proc_pid_mountinfo(5)) */
export function parseMounts(text: string): Mount[] {
  const mounts: Mount[] = []
  for (const line of text.split('\n')) {
    const [before, after] = line.split(' - ')
    const fields = before?.split(' ') ?? []
    const [root, path, type] = [fields[3], fields[4], after?.split(' ')[0]]
    if (root !== undefined && path !== undefined && type !== undefined) {
      mounts.push({ path: fromOctal(path), root: fromOctal(root), type })
    }
  }
  return mounts
}

export function readMounts(): Mount[] {
  return parseMounts(readFileSync('/proc/self/mountinfo', 'utf8'))
}

/** The mount that a path lies in: the longest prefix, the newest of equal ones. `path` has no symbolic links. */
export function mountOf(mounts: readonly Mount[], path: string): Mount | undefined {
  let found: Mount | undefined
  for (const mount of mounts) {
    if (isBelow(path, mount.path) && mount.path.length >= (found?.path.length ?? 0)) found = mount
  }
  return found
}

/** Is `path` the directory `dir` or something in it? Both absolute and normal. */
export function isBelow(path: string, dir: string): boolean {
  return path === dir || path.startsWith(dir === '/' ? '/' : `${dir}/`)
}

/** Space, tab, newline and backslash are written in octal. */
function fromOctal(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)))
}
