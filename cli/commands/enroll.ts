/** `kmeshctl enroll`: make something a member of the mesh, or let it leave. */
import type { Command } from 'commander'
import type { EnrollRequest, MemberStatus, MemberTarget } from '../../controller/admin/api.ts'
import { Client } from '../client.ts'
import { commonOptions, examples, subcommand } from '../command.ts'
import { ExitStatus, Failure } from '../failure.ts'
import { print, printJson } from '../output.ts'
import { memberText, type TargetOptions, targetOf, withTargetOptions } from '../target.ts'

interface EnrollOptions extends TargetOptions {
  readonly namespace?: string
  readonly workload?: string
  readonly leave?: true
}

export function enrollCommand(): Command {
  return withTargetOptions(subcommand('enroll', 'make a network namespace or a cgroup a member of the mesh'))
    .option('--namespace <name>', 'for names without a namespace (default: default)')
    .option('--workload <name>', 'the workload of the mesh that it is')
    .option('--leave', 'it is to be no member any more')
    .addHelpText(
      'after',
      `${examples(
        ['kmeshctl enroll --pid 4711', 'everything in the network namespace of that process'],
        ['kmeshctl enroll --cgroup /sys/fs/cgroup/system.slice/shop.service', 'a systemd unit'],
        ['kmeshctl enroll --netns shop --namespace shop', 'a namespace of ip-netns(8)'],
        ['kmeshctl enroll --netns shop --leave', 'the opposite'],
      )}\nOpen connections stay as they are. Who is a member: kmeshctl dump members.\n`,
    )
    .action(async (options: EnrollOptions, command: Command) => {
      const { output, socket } = commonOptions(command)
      const target = targetOf(options)
      if (target === undefined) throw new Failure('give one of --pid, --cgroup and --netns', ExitStatus.usage)
      const client = new Client(socket)
      const member = options.leave ? await leave(client, target) : await enroll(client, target, options)
      if (output === 'json') printJson(member)
      else print(`${options.leave ? 'left' : 'enrolled'}: ${memberText(member)}`)
    })
}

export function leave(client: Client, target: MemberTarget): Promise<MemberStatus> {
  const query = new URLSearchParams(
    Object.entries(target).map(([name, value]): [string, string] => [name, String(value)]),
  )
  return client.delete<MemberStatus>(`/v1/members?${query}`)
}

function enroll(client: Client, target: MemberTarget, { namespace, workload }: EnrollOptions): Promise<MemberStatus> {
  const request: EnrollRequest = {
    target,
    ...(namespace === undefined ? {} : { namespace }),
    ...(workload === undefined ? {} : { workload }),
  }
  return client.post<MemberStatus>('/v1/members', request)
}
