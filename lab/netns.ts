/**
 * Named network namespaces, without `ip netns`: that one makes /run/netns a mount and leaves it, and does not work
 * below a chroot that is no mount point.
 */
import { mkdirSync, rmdirSync, rmSync, writeFileSync } from 'node:fs'
import { run } from './command.ts'

const FOLDER = '/run/netns'

/** @returns its file, as `ip netns` would name it */
export async function addNamespace(name: string): Promise<string> {
  const path = `${FOLDER}/${name}`
  mkdirSync(FOLDER, { recursive: true })
  writeFileSync(path, '', { flag: 'wx' })
  try {
    await run('unshare', `--net=${path}`, 'true')
    await inNamespace(name, 'ip', 'link', 'set', 'lo', 'up')
  } catch (error) {
    await deleteNamespace(name)
    throw error
  }
  return path
}

export async function deleteNamespace(name: string): Promise<void> {
  const path = `${FOLDER}/${name}`
  // Lazy, as a process in it does not hold the file; nothing is mounted where making it failed.
  await run('umount', '--lazy', path).catch(() => undefined)
  rmSync(path)
  try {
    rmdirSync(FOLDER)
  } catch {
    // others have namespaces
  }
}

/** @returns what the command printed */
export function inNamespace(name: string, ...command: readonly string[]): Promise<string> {
  return run('nsenter', `--net=${FOLDER}/${name}`, ...command)
}
