/** Enrolling a cgroup: by the daemon, or on the pinned maps while it is away. */
import type { EnrollRequest, MemberStatus, Status } from '../../controller/admin/api.ts'
import { KernelError } from '../../controller/kernel/error.ts'
import { openPinnedMembers, type PinnedMembers } from '../../controller/members/open.ts'
import { Client, NoDaemon } from '../client.ts'
import { silence } from './log.ts'

export interface Place {
  readonly socket: string
  readonly bpfFsPath: string
}

export interface Identity {
  /** for people */
  readonly name: string
  readonly namespace?: string | undefined
  readonly workload?: string | undefined
}

/** Where the programs are attached: members must lie below. @throws NoDaemon where nothing is there at all */
export function attachedTo(place: Place): Promise<string> {
  return byDaemonOrPins(
    place,
    async (client) => (await client.get<Status>('/v1/status')).paths.cgroup2,
    ({ cgroupPath }) => cgroupPath,
  )
}

export async function enroll(place: Place, cgroup: string, { name, namespace, workload }: Identity): Promise<void> {
  const request: EnrollRequest = {
    target: { cgroup },
    name,
    ...(namespace === undefined ? {} : { namespace }),
    ...(workload === undefined ? {} : { workload }),
  }
  await byDaemonOrPins<unknown>(
    place,
    (client) => client.post<MemberStatus>('/v1/members', request),
    ({ members }) => members.enroll({ cgroup }, { name, namespace: namespace ?? 'default' }),
  )
}

export async function leave(place: Place, cgroup: string): Promise<void> {
  await byDaemonOrPins<unknown>(
    place,
    (client) => client.delete<MemberStatus>(`/v1/members?${new URLSearchParams({ cgroup })}`),
    ({ members }) => members.leave(members.keyOf({ cgroup })),
  )
}

async function byDaemonOrPins<T>(
  place: Place,
  ask: (client: Client) => Promise<T>,
  work: (pinned: PinnedMembers) => T,
): Promise<T> {
  try {
    return await ask(new Client(place.socket))
  } catch (error) {
    if (!(error instanceof NoDaemon)) throw error
    const pinned = openPins(place)
    try {
      return work(pinned)
    } finally {
      pinned.close()
    }
  }
}

/** @throws NoDaemon that says why the pins are of no use either */
function openPins({ socket, bpfFsPath }: Place): PinnedMembers {
  try {
    return openPinnedMembers(bpfFsPath, silence)
  } catch (error) {
    if (error instanceof KernelError) throw new NoDaemon(`no daemon at ${socket}, and ${error.message}`)
    throw error
  }
}
