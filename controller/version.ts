/** Which build this is: the package's version, and the commit where the tree is a git checkout. */
import { existsSync, readFileSync } from 'node:fs'
import { arch } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Version } from './admin/api.ts'

/** From dist/controller/. */
const ROOT = fileURLToPath(new URL('../../', import.meta.url))

export function readVersion(root = ROOT): Version {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }
  return {
    gitVersion: `v${version}`,
    gitCommit: readCommit(join(root, '.git')) ?? 'unknown',
    nodeVersion: process.version,
    platform: `linux/${arch() === 'x64' ? 'amd64' : arch()}`,
  }
}

/** `v0.1.0-1a2b3c4` */
export function versionText({ gitVersion, gitCommit }: Version): string {
  return gitCommit === 'unknown' ? gitVersion : `${gitVersion}-${gitCommit.slice(0, 7)}`
}

/** Reads what `git rev-parse HEAD` reads, without git; `.git` is a file in a work tree of its own. */
function readCommit(git: string): string | undefined {
  const link = readText(git)
  const dir = link === undefined ? git : resolve(git, '..', link.replace(/^gitdir: /, ''))
  const head = readText(join(dir, 'HEAD'))
  const ref = head?.match(/^ref: (.+)$/)?.[1]
  if (ref === undefined) return head
  const common = resolve(dir, readText(join(dir, 'commondir')) ?? '.')
  const packed = readText(join(common, 'packed-refs'))
    ?.split('\n')
    .find((line) => line.endsWith(` ${ref}`))
  return readText(join(common, ref)) ?? packed?.split(' ')[0]
}

/** undefined: no such file */
function readText(file: string): string | undefined {
  if (!existsSync(file)) return undefined
  try {
    return readFileSync(file, 'utf8').trim()
  } catch {
    return undefined // a directory
  }
}
