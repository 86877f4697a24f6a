/** kmeshctl: arguments in, output and exit status out. */
import { CommanderError } from 'commander'
import { oneLine } from '../controller/model/text.ts'
import { ExitStatus, Failure } from './failure.ts'
import { program } from './program.ts'

// `kmeshctl dump | head` is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1))

const root = program()
for (const command of [root, ...root.commands]) {
  command.exitOverride().configureOutput({ writeErr: () => undefined })
}

try {
  await root.parseAsync(process.argv)
} catch (error) {
  process.exitCode = statusOf(error)
  const message = messageOf(error)
  if (message !== '') process.stderr.write(`kmeshctl: ${oneLine(message)}\n`)
}

function statusOf(error: unknown): number {
  if (error instanceof Failure) return error.status
  if (error instanceof CommanderError) return error.exitCode === 0 ? ExitStatus.ok : ExitStatus.usage
  return ExitStatus.failed
}

function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  if (!(error instanceof CommanderError)) return error.message
  if (error.exitCode === 0) return ''
  return error.code === 'commander.help'
    ? 'give a command (see kmeshctl --help)'
    : error.message.replace(/^error: /, '')
}
