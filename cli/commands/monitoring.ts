/** `kmeshctl monitoring`: what the daemon counts and logs. */
import { type Command, Option } from 'commander'
import type { Monitoring } from '../../controller/admin/api.ts'
import { Client } from '../client.ts'
import { commonOptions, examples, subcommand } from '../command.ts'
import { print, printJson } from '../output.ts'

type Switch = 'enable' | 'disable'

export function monitoringCommand(): Command {
  return subcommand('monitoring', 'show or switch the access log and the counting of traffic')
    .addOption(new Option('--accesslog <switch>', 'one line a connection').choices(['enable', 'disable']))
    .addOption(new Option('--all <switch>', 'counting of traffic, and with it all else').choices(['enable', 'disable']))
    .addHelpText(
      'after',
      examples(
        ['kmeshctl monitoring', 'what is on'],
        ['kmeshctl monitoring --accesslog enable', 'where kmeshd --access-log says, else as text on its stdout'],
        ['kmeshctl monitoring --all disable', 'count and log nothing'],
      ),
    )
    .action(async ({ accesslog, all }: { accesslog?: Switch; all?: Switch }, command: Command) => {
      const { output, socket } = commonOptions(command)
      const client = new Client(socket)
      const wanted = {
        ...(all === undefined ? {} : { monitoring: all === 'enable' }),
        ...(accesslog === undefined ? {} : { accessLog: accesslog === 'enable' }),
      }
      const changes = Object.keys(wanted).length > 0
      const state = changes
        ? await client.post<Monitoring>('/v1/monitoring', wanted)
        : await client.get<Monitoring>('/v1/monitoring')
      if (output === 'json') printJson(state)
      else if (!changes) print(`monitoring: ${onOff(state.monitoring)}\naccesslog: ${onOff(state.accessLog)}`)
    })
}

function onOff(on: boolean): string {
  return on ? 'enabled' : 'disabled'
}
