/** `kmeshctl reload`: read the configuration now, and wait until the kernel has it. */
import type { Command } from 'commander'
import type { Reload } from '../../controller/admin/api.ts'
import { Client } from '../client.ts'
import { commonOptions, examples, subcommand } from '../command.ts'
import { Failure } from '../failure.ts'
import { count, print, printJson } from '../output.ts'

export function reloadCommand(): Command {
  return subcommand('reload', 'read the configuration again and wait until the kernel has it')
    .addHelpText(
      'after',
      `${examples(['kmeshctl reload', 'exit status 1 where the last good state stays in force'])}
The folder is watched: this is for scripts that must not go on too early.\n`,
    )
    .action(async (_, command: Command) => {
      const { output, socket } = commonOptions(command)
      const reload = await new Client(socket).post<Reload>('/v1/reload')
      if (output === 'json') printJson(reload)
      if (!reload.ok) throw new Failure(`the last good state stays in force: ${reload.error}`)
      if (output === 'table') {
        const changes = `${reload.written} map entries written, ${reload.deleted} deleted`
        print(`${count(reload.files, 'file')} in ${reload.durationMs.toFixed(1)} ms: ${changes}`)
      }
    })
}
