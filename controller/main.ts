/** kmeshd: arguments, signals, exit codes. */
import { parseArguments } from './arguments.ts'
import { type Daemon, startDaemon } from './daemon.ts'
import { KernelError, messageOf } from './kernel/error.ts'
import { Logs } from './log.ts'
import { runOnce } from './one-shot.ts'

/** Signals that end the daemon, as Kmesh's do. Traffic goes on. */
const ENDING = ['SIGINT', 'SIGTERM', 'SIGQUIT', 'SIGHUP'] as const

async function main(): Promise<number> {
  const invocation = parseArguments(process.argv.slice(2), process.env)
  if (invocation.is !== 'run') return runOnce(invocation)
  const logs = new Logs(invocation.config.log)
  const ended = new Promise<string>((resolve) => {
    for (const signal of ENDING) process.on(signal, () => resolve(signal))
  })
  let daemon: Daemon | undefined
  // Before the daemon is there too: without a listener Node takes the signal for a call to its debugger.
  process.on('SIGUSR1', () => daemon?.reopenAccessLog())
  daemon = await startDaemon(invocation.config, logs)
  const signal = await ended
  logs.get('default').info(`${signal}: ending, traffic goes on`)
  await daemon.close()
  return 0
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
