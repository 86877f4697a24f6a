/** `kmeshctl log`: how much the daemon's loggers say, and changing it. */
import { type Command, InvalidArgumentError } from 'commander'
import type { LoggerLevel } from '../../controller/admin/api.ts'
import { Client } from '../client.ts'
import { commonOptions, examples, subcommand } from '../command.ts'
import { Failure } from '../failure.ts'
import { print, printJson } from '../output.ts'

interface Loggers {
  readonly loggers: readonly LoggerLevel[]
}

export function logCommand(): Command {
  return subcommand('log', 'show or change how much the loggers of the daemon say')
    .argument('[logger]', 'show this one')
    .option('--set <name:level>', 'error, warn, info, debug or trace, until the daemon ends', parseSetting)
    .addHelpText(
      'after',
      examples(
        ['kmeshctl log', 'the names of all loggers'],
        ['kmeshctl log kernel', 'the level of one'],
        ['kmeshctl log --set kernel:debug', 'say more about the kernel'],
      ),
    )
    .action(async (name: string | undefined, { set }: { set?: LoggerLevel }, command: Command) => {
      const { output, socket } = commonOptions(command)
      const client = new Client(socket)
      const answer =
        set === undefined ? await client.get<Loggers>('/v1/loggers') : await client.post<Loggers>('/v1/loggers', set)
      const asked = name ?? set?.name
      const chosen = answer.loggers.filter((logger) => asked === undefined || logger.name === asked)
      if (chosen.length === 0) throw new Failure(`no logger ${JSON.stringify(asked)}`)
      if (output === 'json') printJson({ loggers: chosen })
      else if (asked === undefined) print(`Existing Loggers:\n${chosen.map((logger) => `\t${logger.name}\n`).join('')}`)
      else print(chosen.map((logger) => `Logger Name: ${logger.name}\nLogger Level: ${logger.level}\n`).join(''))
    })
}

function parseSetting(text: string): LoggerLevel {
  const [name, level, ...rest] = text.split(':')
  if (!name || !level || rest.length > 0) throw new InvalidArgumentError('not NAME:LEVEL')
  return { name, level }
}
