/** `kmeshctl explain`: what of the configuration is not honoured, where it stands, and why. */
import type { Command } from 'commander'
import type { Problem } from '../../controller/model/problem.ts'
import { oneLine } from '../../controller/model/text.ts'
import { Client } from '../client.ts'
import { commonOptions, examples, subcommand } from '../command.ts'
import { count, print, printJson } from '../output.ts'

export function explainCommand(): Command {
  return subcommand('explain', 'what of the configuration is not honoured, and why')
    .addHelpText(
      'after',
      `${examples(['kmeshctl explain', 'by resource, with file and line'])}
error    what is named is not in force; for a broken file, its last good state is
warning  it is in force, but not to the letter\n`,
    )
    .action(async (_, command: Command) => {
      const { output, socket } = commonOptions(command)
      const answer = await new Client(socket).get<{ problems: readonly Problem[] }>('/v1/problems')
      if (output === 'json') printJson(answer)
      else print(report(answer.problems))
    })
}

function report(problems: readonly Problem[]): string {
  if (problems.length === 0) return 'Everything in the configuration is honoured.'
  const groups = new Map<string, Problem[]>()
  for (const problem of problems) {
    const heading = headingOf(problem)
    groups.set(heading, [...(groups.get(heading) ?? []), problem])
  }
  const text = [...groups].map(([heading, group]) => `${oneLine(heading)}\n${group.map(line).join('')}\n`).join('')
  const errors = problems.filter(({ severity }) => severity === 'error').length
  return `${text}${count(errors, 'error')}, ${count(problems.length - errors, 'warning')}`
}

function headingOf({ resource, place }: Problem): string {
  return resource === '' ? (place?.file ?? 'configuration') : resource
}

function line({ severity, field, message, place }: Problem): string {
  const where = place === undefined ? '' : `${place.file}:${place.line}  `
  return `  ${severity.padEnd(7)}  ${oneLine(`${where}${field === '' ? '' : `${field}: `}${message}`)}\n`
}
