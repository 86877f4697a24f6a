/** What kmeshd does without becoming a daemon: help, version, cleanup. */
import type { Invocation } from './arguments.ts'
import { readVersion, versionText } from './version.ts'

/** @returns the exit status */
export async function runOnce(invocation: Exclude<Invocation, { is: 'run' }>): Promise<number> {
  switch (invocation.is) {
    case 'text':
      ;(invocation.status === 0 ? process.stdout : process.stderr).write(invocation.text)
      return invocation.status
    case 'version':
      process.stdout.write(`${versionText(readVersion())}\n`)
      return 0
    case 'cleanup':
      return cleanUp(invocation.pins.bpfFsPath)
  }
}

async function cleanUp(bpfFsPath: string): Promise<number> {
  const { cleanup } = await import('./kernel/cleanup.ts')
  const say = (message: string): void => void process.stderr.write(`kmeshd: ${message}\n`)
  const quiet = (): void => undefined
  const { removed, left } = cleanup(bpfFsPath, { debug: quiet, info: quiet, warn: say, error: say })
  for (const what of removed) process.stdout.write(`removed ${what}\n`)
  for (const what of left) say(`left: ${what}`)
  return left.length === 0 ? 0 : 1
}
