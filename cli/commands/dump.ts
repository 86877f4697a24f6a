/** `kmeshctl dump`: what the kernel's tables hold, in words. */
import { Argument, type Command } from 'commander'
import type { Dump, DumpSection } from '../../controller/admin/api.ts'
import { Client } from '../client.ts'
import { commonOptions, examples, subcommand } from '../command.ts'
import { print, printJson } from '../output.ts'

export function dumpCommand(): Command {
  return subcommand('dump', 'the tables as the kernel holds them')
    .addArgument(new Argument('[section]', 'which table').choices(Object.keys(SECTIONS)).default('all'))
    .addHelpText(
      'after',
      `${examples(
        ['kmeshctl dump', 'everything'],
        ['kmeshctl dump services', 'services, with their balance and sets of endpoints'],
        ['kmeshctl dump members -o json', 'who is a member, for scripts'],
      )}\nSections:\n${Object.entries(SECTIONS)
        .map(([name, what]) => `  ${name.padEnd(9)}  ${what}\n`)
        .join('')}`,
    )
    .action(async (section: DumpSection, _, command: Command) => {
      const { output, socket } = commonOptions(command)
      const client = new Client(socket)
      if (output === 'json') return printJson(await client.get<Dump>(`/v1/dump?section=${section}`))
      for await (const text of await client.getText(`/v1/dump?section=${section}&format=text`)) print(text)
    })
}

const SECTIONS: Readonly<Record<DumpSection, string>> = {
  services: 'how a service is balanced, and its sets of endpoints',
  frontends: 'which address, port and protocol lead to which service',
  slots: 'the endpoints of each set, with their shares',
  workloads: 'whose addresses are known',
  members: 'who is in the mesh on this node',
  all: 'all of these',
}
