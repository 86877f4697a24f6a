/** `kmeshctl bypass`: leave a member's traffic alone, at once, to tell a fault of the mesh from one of the application. */
import type { Command } from 'commander'
import type { MemberStatus } from '../../controller/admin/api.ts'
import { Client } from '../client.ts'
import { commonOptions, examples, subcommand } from '../command.ts'
import { ExitStatus, Failure } from '../failure.ts'
import { print, printJson } from '../output.ts'
import { memberText, type TargetOptions, targetOf, withTargetOptions } from '../target.ts'

export function bypassCommand(): Command {
  return withTargetOptions(subcommand('bypass', 'leave the traffic of a member alone, or handle it again'))
    .argument('[words...]', 'a workload, as NAME or NAMESPACE/NAME, and on (left alone) or off')
    .usage('[options] NAME|--pid PID|--cgroup DIR|--netns PATH on|off')
    .addHelpText(
      'after',
      examples(
        ['kmeshctl bypass default/reviews-v1-abc on', 'new connections of this workload go past the mesh'],
        ['kmeshctl bypass --pid 4711 off', 'and through it again'],
      ),
    )
    .action(async (words: readonly string[], options: TargetOptions, command: Command) => {
      const { output, socket } = commonOptions(command)
      const target = targetOf(options)
      const state = words.at(-1)
      const [name] = words.slice(0, -1)
      if (state !== 'on' && state !== 'off') throw new Failure('the last word must be on or off', ExitStatus.usage)
      if (words.length > 2 || (name === undefined) === (target === undefined)) {
        throw new Failure('give one of NAME, --pid, --cgroup and --netns', ExitStatus.usage)
      }
      const request = { target: target ?? { name }, on: state === 'on' }
      const answer = await new Client(socket).post<{ members: readonly MemberStatus[] }>('/v1/bypass', request)
      if (output === 'json') printJson(answer)
      else print(answer.members.map((member) => `bypass ${state}: ${memberText(member)}\n`).join(''))
    })
}
