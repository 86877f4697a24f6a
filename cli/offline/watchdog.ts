/**
 * Cleans up after a `kmeshctl run` that was killed. A shell that costs nothing waits for the end of a pipe;
 * only when that comes unannounced it becomes this file, which ends what is left of the program.
 */
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { leave, type Place } from './membership.ts'
import { destroyRunCgroup } from './run-cgroup.ts'

const THIS_FILE = fileURLToPath(import.meta.url)

export interface Watchdog {
  /** All is clean: nothing is to be done. */
  dismiss(): void
}

/** In a session of its own, so that no signal for the program's reaches it. */
export function startWatchdog(cgroup: string, { socket, bpfFsPath }: Place): Watchdog {
  const clean = [process.execPath, THIS_FILE, cgroup, socket, bpfFsPath]
  const shell = spawn('/bin/sh', ['-c', 'read -r done || exec "$@"', 'sh', ...clean], {
    cwd: '/',
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  shell.unref()
  return { dismiss: () => void shell.stdin.end('done\n') }
}

if (process.argv[1] === THIS_FILE) {
  const [cgroup = '', socket = '', bpfFsPath = ''] = process.argv.slice(2)
  // First out of the mesh: the number of the cgroup is known as long as it is there.
  await leave({ socket, bpfFsPath }, cgroup).catch(() => undefined)
  await destroyRunCgroup(cgroup)
}
