/**
 * The socket lane's proof on the kernel at hand: 64 MiB both ways, half-close, reset and a reader that does not read,
 * through joined sockets. Only the test's own namespace is joined; the lane itself stays as it is.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { MemberFlags, MemberKind } from '../abi/layouts.generated.ts'
import { removeCgroup } from './cgroup.ts'
import type { Dataplane } from './dataplane.ts'
import { messageOf } from './error.ts'
import { makeProbeGroup } from './probe-groups.ts'

/** Emulated machines are slow. */
const PATIENCE_MS = 20_000 * Number(process.env['KMESH_TIME_SCALE'] ?? 1)

/**
 * @param netnsCookie of a namespace file
 * @returns why the lane must stay off; undefined: it works
 */
export async function testSocketLane(
  dataplane: Pick<Dataplane, 'cgroupPath' | 'members' | 'verdicts'>,
  netnsCookie: (path: string) => bigint,
): Promise<string | undefined> {
  const cgroup = makeProbeGroup(dataplane.cgroupPath, 'lanetest')
  const script = join(import.meta.dirname, 'socket-lane-child.js')
  const command = 'echo $$ > "$0/cgroup.procs" && exec unshare --net "$1" "$2"'
  const child = spawn('sh', ['-c', command, cgroup, process.execPath, script], { stdio: ['pipe', 'pipe', 'ignore'] })
  const ended = once(child, 'close')
  const timer = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS)
  const lines: string[] = []
  let leave = (): void => undefined
  const joinedBefore = dataplane.verdicts().VERDICT_JOINED
  try {
    createInterface(child.stdout).on('line', (line) => {
      if (line !== 'member?') return void lines.push(line)
      const path = `/proc/${child.pid}/ns/net`
      const key = { kind: MemberKind.MEMBER_NETNS, id: netnsCookie(path) }
      const flags = MemberFlags.MEMBER_SOCKET_LANE_TEST
      dataplane.members.put(
        key,
        { workload: 0n, flags, dnsPort: 0 },
        { path, name: 'self-test', namespace: '', workloadUid: '' },
      )
      leave = () => void dataplane.members.delete(key)
      child.stdin.write('\n')
    })
    await ended
    if (lines.at(-1) !== 'ok') return lines.at(-1) ?? `no answer within ${PATIENCE_MS / 1000} s`
    if (dataplane.verdicts().VERDICT_JOINED === joinedBefore) return 'no connection of the self-test was joined'
    return undefined
  } catch (error) {
    return messageOf(error)
  } finally {
    clearTimeout(timer)
    leave()
    removeCgroup(cgroup)
  }
}
