/** The files of this repository, as paths from its root. What is built or installed is left out. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { projectRoot } from '../../../native/index.ts'

const NOT_OURS = new Set(['.git', '.tap', 'build', 'dist', 'node_modules'])

export function files(folder = ''): readonly string[] {
  return readdirSync(join(projectRoot(), folder), { withFileTypes: true }).flatMap((entry) => {
    if (NOT_OURS.has(entry.name)) return []
    const path = join(folder, entry.name)
    return entry.isDirectory() ? files(path) : entry.isFile() ? [path] : []
  })
}

export function read(path: string): string {
  return readFileSync(join(projectRoot(), path), 'utf8')
}
