/** Options that say whom a command is about. */
import { resolve } from 'node:path'
import { type Command, InvalidArgumentError } from 'commander'
import type { MemberStatus, MemberTarget } from '../controller/admin/api.ts'
import { ExitStatus, Failure } from './failure.ts'

export interface TargetOptions {
  readonly pid?: number
  readonly cgroup?: string
  readonly netns?: string
}

export function withTargetOptions(command: Command): Command {
  return command
    .option('--pid <pid>', "the network namespace of a process; where that is the node's own, its cgroup", parsePid)
    .option('--cgroup <dir>', 'a cgroup2 directory', (text) => resolve(text))
    .option('--netns <path>', 'a network namespace: a file, or a name of ip-netns(8)', namespacePath)
}

/** @returns undefined where none was given */
export function targetOf({ pid, cgroup, netns }: TargetOptions): MemberTarget | undefined {
  const given: MemberTarget[] = []
  if (pid !== undefined) given.push({ pid })
  if (cgroup !== undefined) given.push({ cgroup })
  if (netns !== undefined) given.push({ netns })
  if (given.length > 1) throw new Failure('give only one of --pid, --cgroup and --netns', ExitStatus.usage)
  return given[0]
}

export function namespacePath(text: string): string {
  return text.includes('/') ? resolve(text) : `/run/netns/${text}`
}

/** `netns 4026532412 (/run/netns/a), workload default/reviews-v1` */
export function memberText({ kind, id, path, name, workload, namespace, covered }: MemberStatus): string {
  return [
    `${kind} ${id}${path === null ? '' : ` (${path})`}`,
    ...(name === '' ? [] : [name]),
    workload === null ? `namespace ${namespace}` : `workload ${workload}`,
    ...(covered ? [] : ['NOT COVERED: outside of where the programs are attached']),
  ].join(', ')
}

function parsePid(text: string): number {
  if (!/^[1-9]\d{0,9}$/.test(text)) throw new InvalidArgumentError('not a process id')
  return Number(text)
}
