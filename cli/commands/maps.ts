/** `kmeshctl maps`: how full the tables in the kernel are. */
import type { Command } from 'commander'
import type { MapUsage } from '../../controller/admin/api.ts'
import { Client } from '../client.ts'
import { commonOptions, examples, subcommand } from '../command.ts'
import { bytesText, percentText, print, printJson, table } from '../output.ts'

export function mapsCommand(): Command {
  return subcommand('maps', 'entries, limits and memory of the maps in the kernel')
    .addHelpText(
      'after',
      `${examples(['kmeshctl maps', 'all maps'])}
A map that is full refuses what is new and keeps what it has; kmeshd --map-size NAME=N sets its limit.\n`,
    )
    .action(async (_, command: Command) => {
      const { output, socket } = commonOptions(command)
      const answer = await new Client(socket).get<{ maps: readonly MapUsage[] }>('/v1/maps')
      if (output === 'json') return printJson(answer)
      const rows = answer.maps.map(({ name, entries, maxEntries, bytes }) => {
        if (entries === null) return [name, '-', '-', '-', bytesText(bytes)]
        return [name, String(entries), String(maxEntries), percentText(entries, maxEntries), bytesText(bytes)]
      })
      print(await table(['NAME', 'ENTRIES', 'MAX', 'FILL', 'MEMORY'], rows))
    })
}
