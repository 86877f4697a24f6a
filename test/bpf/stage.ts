/**
 * What every test of the programs stands on: a cgroup with the programs on it, a client pod (a member, unless the test
 * says otherwise) and a server pod on one network, an agent in each.
 */
import { statSync } from 'node:fs'
import { relative } from 'node:path'
import type { Test } from 'tap'
import { MemberKind } from '../../controller/abi/layouts.generated.ts'
import { cgroup2Mount, makeLabCgroup } from '../../lab/cgroup.ts'
import { inNamespace } from '../../lab/netns.ts'
import { Network, type Pod } from '../../lab/network.ts'
import { UndoStack } from '../../lab/undo.ts'
import { Agent } from './agent.ts'
import { netnsCookieOf } from './cookie.ts'
import { Lane } from './lane.ts'
import { enrol, type MemberSpec } from './tables.ts'

/** For `t.test(name, rooted, ...)`. */
export const rooted = process.getuid?.() === 0 ? {} : { skip: 'needs root' }

export interface Stage {
  readonly undo: UndoStack
  readonly network: Network
  readonly lane: Lane
  /** the programs are on this one; the agents are in `client` and `server` below it */
  readonly cgroup: string
  readonly clientCgroup: string
  readonly client: Agent
  readonly server: Agent
  readonly clientPod: Pod
  readonly serverPod: Pod
  /** of the client's network namespace */
  readonly cookie: bigint
  readonly serverCookie: bigint
  /** Makes the client a member, with other flags than it may have. */
  enrol(spec?: MemberSpec): void
  leave(): void
  settings(settings: { flags?: number; cgroupLevels?: number }): void
}

export async function makeStage(t: Test, what: string, sizes: Readonly<Record<string, number>> = {}): Promise<Stage> {
  const undo = new UndoStack()
  t.teardown(async () => {
    for (const left of await undo.run()) t.comment(`left behind: ${left}`)
  })
  const cgroup = makeLabCgroup(undo, `kmesh-test-bpf-${what}-${process.pid}`)
  const clientCgroup = makeLabCgroup(undo, 'client', cgroup)
  const serverCgroup = makeLabCgroup(undo, 'server', cgroup)
  const network = await Network.create(undo, 'bpf')
  const clientPod = await network.addPod('client', 1)
  const serverPod = await network.addPod('server', 2)
  // Whatever is not routed fails at once.
  await inNamespace(clientPod.netns, 'ip', 'route', 'add', 'unreachable', '10.96.0.0/16')
  const client = new Agent(undo, { pod: clientPod, cgroup: clientCgroup })
  const server = new Agent(undo, { pod: serverPod, cgroup: serverCgroup })
  const cookie = await netnsCookieOf(client, clientCgroup)
  const serverCookie = await netnsCookieOf(server, serverCgroup)
  const lane = new Lane(undo, cgroup, sizes)
  const enrolClient = (spec?: MemberSpec): void => enrol(lane, MemberKind.MEMBER_NETNS, cookie, spec)
  enrolClient()
  return {
    undo,
    network,
    lane,
    cgroup,
    clientCgroup,
    client,
    server,
    clientPod,
    serverPod,
    cookie,
    serverCookie,
    enrol: enrolClient,
    settings: ({ flags = 0, cgroupLevels = 0 }) => lane.put('settings', 0, { flags, cgroupLevels, layout: 0n }),
    leave: () => lane.delete('members', { id: cookie, kind: MemberKind.MEMBER_NETNS }),
  }
}

/** How many levels below the root a cgroup lies. */
export const cgroupDepth = (path: string): number => relative(cgroup2Mount(), path).split('/').length

/** The id under which a cgroup is enrolled: its inode number. */
export const cgroupId = (path: string): bigint => statSync(path, { bigint: true }).ino
