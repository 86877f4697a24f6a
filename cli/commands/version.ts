/** `kmeshctl version`: this build, and the daemon's. */
import type { Command } from 'commander'
import type { Version } from '../../controller/admin/api.ts'
import { readVersion, versionText } from '../../controller/version.ts'
import { Client, NoDaemon } from '../client.ts'
import { commonOptions, examples, subcommand } from '../command.ts'
import { print, printJson } from '../output.ts'

export function versionCommand(): Command {
  return subcommand('version', 'print the versions of kmeshctl and of the daemon')
    .addHelpText(
      'after',
      examples(['kmeshctl version', 'both, or "none" without a daemon'], ['kmeshctl version -o json', 'with commits']),
    )
    .action(async (_, command: Command) => {
      const { output, socket } = commonOptions(command)
      const client = readVersion()
      const daemon = await new Client(socket).get<Version>('/v1/version').catch((error: unknown) => {
        if (error instanceof NoDaemon) return error.message
        throw error
      })
      if (output === 'json') return printJson({ client, daemon: typeof daemon === 'string' ? null : daemon })
      const text = typeof daemon === 'string' ? `none (${daemon})` : `${versionText(daemon)} (1 daemon)`
      print(`client version: ${versionText(client)}\nkmesh-daemon version: ${text}`)
    })
}
