/** Groups that we make for a moment, to try something in them; those of a process that was killed are swept up. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { MemberKind } from '../abi/layouts.generated.ts'
import { cgroupId, makeCgroup, removeCgroup } from './cgroup.ts'
import type { Log } from './error.ts'
import type { MemberTable } from './member-table.ts'
import { list } from './pins.ts'

const PURPOSES = ['selftest', 'cookie', 'lanetest'] as const
const NAME = new RegExp(`^kmesh-(?:${PURPOSES.join('|')})-(\\d+)$`)

/** @returns its path; `removeCgroup` ends it */
export function makeProbeGroup(cgroupPath: string, purpose: (typeof PURPOSES)[number]): string {
  const path = join(cgroupPath, `kmesh-${purpose}-${process.pid}`)
  makeCgroup(path)
  return path
}

/** The self-test's group is a member for a moment: that ends too. */
export function sweepProbeGroups(cgroupPath: string, members: MemberTable, log: Log): void {
  for (const name of list(cgroupPath)) {
    const pid = NAME.exec(name)?.[1]
    if (pid === undefined || existsSync(`/proc/${pid}`)) continue
    const path = join(cgroupPath, name)
    members.delete({ kind: MemberKind.MEMBER_CGROUP, id: cgroupId(path) })
    if (removeCgroup(path)) log.info(`removed ${path}, of a process that is gone`)
  }
}
