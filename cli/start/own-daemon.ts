/** `npm start -- --config DIR`: kmeshd in a cgroup of its own, swept away at the end unless it is to be kept. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { makeLabCgroup } from '../../lab/cgroup.ts'
import { run } from '../../lab/command.ts'
import { PROJECT } from '../../lab/daemon.ts'
import { UndoStack } from '../../lab/undo.ts'

export async function runOwnDaemon(undo: UndoStack, flags: readonly string[], keep: boolean): Promise<number> {
  const given = (flag: string): string | undefined => {
    const at = flags.findIndex((arg) => arg === flag || arg.startsWith(`${flag}=`))
    return at < 0 ? undefined : (flags[at]?.split('=', 2)[1] ?? flags[at + 1])
  }
  // What is kept must not be undone: its group goes onto a stack that nobody runs.
  const kept = keep ? new UndoStack() : undo
  const cgroup = given('--cgroup2-path') ?? makeLabCgroup(kept, `kmesh-start-${process.pid}`)
  const pins = ['bpf-fs-path'].flatMap((name) => {
    const value = given(`--${name}`)
    return value === undefined ? [] : [`--${name}`, value]
  })
  const own = given('--cgroup2-path') === undefined ? ['--cgroup2-path', cgroup] : []
  kept.push('programs and pins', async () => {
    await run(process.execPath, join(PROJECT, 'bin', 'kmeshd'), 'cleanup', ...pins)
  })
  const daemon = spawn(process.execPath, [join(PROJECT, 'bin', 'kmeshd'), ...own, ...flags], { stdio: 'inherit' })
  const stop = (): void => void daemon.kill('SIGTERM')
  process.on('SIGINT', stop)
  process.on('SIGTERM', stop)
  const [status] = (await once(daemon, 'exit')) as [number | null]
  return status ?? 1
}
