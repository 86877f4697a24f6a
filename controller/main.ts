/** kmeshd: arguments, signals, exit codes. */
import { parseArguments } from './arguments.ts'
import { startDaemon } from './daemon.ts'
import { cleanup } from './kernel/cleanup.ts'
import { KernelError, messageOf } from './kernel/error.ts'
import { Logs } from './log.ts'
import { readVersion, versionText } from './version.ts'

/** Signals that end the daemon, as Kmesh's do. Traffic goes on. */
const ENDING = ['SIGINT', 'SIGTERM', 'SIGQUIT', 'SIGHUP'] as const

async function main(): Promise<number> {
  const invocation = parseArguments(process.argv.slice(2), process.env)
  switch (invocation.is) {
    case 'text':
      ;(invocation.status === 0 ? process.stdout : process.stderr).write(invocation.text)
      return invocation.status
    case 'version':
      process.stdout.write(`${versionText(readVersion())}\n`)
      return 0
    case 'cleanup': {
      const logs = new Logs({ format: 'plain', levels: new Map() })
      cleanup(invocation.pins.bpfFsPath, logs.get('kernel'))
      return 0
    }
    case 'run': {
      const logs = new Logs(invocation.config.log)
      const ended = new Promise<string>((resolve) => {
        for (const signal of ENDING) process.on(signal, () => resolve(signal))
      })
      const daemon = await startDaemon(invocation.config, logs)
      process.on('SIGUSR1', () => daemon.reopenAccessLog())
      const signal = await ended
      logs.get('default').info(`${signal}: ending, traffic goes on`)
      await daemon.close()
      return 0
    }
  }
}

main().then(
  (status) => process.exit(status),
  (error: unknown) => {
    // What the operator can mend is one line; anything else is a fault of ours, with its trace.
    const known = error instanceof KernelError || !(error instanceof TypeError)
    process.stderr.write(`kmeshd: ${known || !(error instanceof Error) ? messageOf(error) : error.stack}\n`)
    process.exit(1)
  },
)
