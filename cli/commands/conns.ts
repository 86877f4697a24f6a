/** `kmeshctl conns`: the connections of members that are open now. */
import { type Command, InvalidArgumentError } from 'commander'
import type { Connections } from '../../controller/admin/api.ts'
import { Client } from '../client.ts'
import { commonOptions, examples, subcommand } from '../command.ts'
import { bytesText, print, printJson, table } from '../output.ts'

export function connsCommand(): Command {
  return subcommand('conns', 'open connections of members: who talks to whom, by which service')
    .option('--limit <n>', 'show so many at most', parseLimit, 1000)
    .addHelpText(
      'after',
      examples(
        ['kmeshctl conns', 'with workloads and services'],
        ['kmeshctl conns --limit 20', 'some of them'],
        ['kmeshctl conns -o json | jq \'.connections[] | select(.service == "default/reviews")\'', 'of one service'],
      ),
    )
    .action(async ({ limit }: { limit: number }, command: Command) => {
      const { output, socket } = commonOptions(command)
      const answer = await new Client(socket).get<Connections>(`/v1/connections?limit=${limit}`)
      if (output === 'json') return printJson(answer)
      const heads = [
        'PROTO',
        'DIRECTION',
        'SOURCE',
        'DESTINATION',
        'SERVICE',
        'ASKED',
        'STATE',
        'SENT',
        'RECEIVED',
        'VERDICT',
      ]
      const rows = answer.connections.map((connection) => [
        connection.protocol,
        connection.direction,
        ...[connection.source, connection.destination].map(({ address, workload }) => {
          return workload === null ? address : `${address} (${workload})`
        }),
        connection.service ?? '-',
        connection.asked ?? '-',
        connection.state,
        bytesText(connection.sentBytes),
        bytesText(connection.receivedBytes),
        connection.verdict,
      ])
      print(await table(heads, rows))
      if (answer.omitted > 0) print(`and ${answer.omitted} more (--limit)`)
    })
}

function parseLimit(text: string): number {
  if (!/^\d{1,7}$/.test(text)) throw new InvalidArgumentError('not a number')
  return Number(text)
}
