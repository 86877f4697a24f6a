/** From what an operator names (a process, a namespace, a cgroup) to what the programs can match. */
import { resolve } from 'node:path'
import { Limits, type MemberKey, MemberKind } from '../abi/layouts.generated.ts'
import { cgroupDepth, cgroupId, cgroupOfProcess, checkCgroup } from '../kernel/cgroup.ts'
import { KernelError } from '../kernel/error.ts'
import type { MemberRecord } from '../kernel/member-table.ts'
import { isBelow } from '../kernel/mounts.ts'
import { commandOf, netnsInode, netnsOfProcess, processesIn } from '../kernel/netns.ts'

export type MemberSource = { readonly netns: string } | { readonly pid: number } | { readonly cgroup: string }

export interface Resolved {
  readonly key: MemberKey
  readonly record: Pick<MemberRecord, 'path' | 'inode' | 'level' | 'name'>
}

export interface Scope {
  /** where the programs are attached: what is not below it never meets them */
  readonly cgroupPath: string
  readonly netnsCookie: (path: string) => bigint
}

/** @throws KernelError that says why it cannot be a member */
export function resolveSource(source: MemberSource, scope: Scope): Resolved {
  if ('pid' in source) return resolveProcess(source.pid, scope)
  return 'netns' in source ? resolveNetns(source.netns, scope) : resolveCgroup(source.cgroup, scope, '')
}

/** A process in a namespace of its own is known by that; one that shares ours, by its cgroup. */
function resolveProcess(pid: number, scope: Scope): Resolved {
  const path = netnsOfProcess(pid)
  const inode = netnsInode(path)
  if (inode === undefined) throw new KernelError('member', `there is no process ${pid}`)
  const cgroup = cgroupOfProcess(pid)
  const name = `${commandOf(pid)} (pid ${pid})`
  if (inode !== netnsInode(netnsOfProcess('self')) && inode !== netnsInode(netnsOfProcess(1))) {
    if (cgroup !== undefined && !isBelow(cgroup, scope.cgroupPath)) throw notCovered(`process ${pid}`, cgroup, scope)
    return { key: netnsKey(path, scope), record: { path, inode, name } }
  }
  if (cgroup === undefined) throw new KernelError('member', `process ${pid}: its cgroup cannot be seen from here`)
  if (cgroupDepth(cgroup) === 0) {
    throw new KernelError(
      'member',
      `process ${pid} is in the root cgroup, and so is the rest of the node: move it first`,
    )
  }
  return resolveCgroup(cgroup, scope, name)
}

function resolveNetns(given: string, scope: Scope): Resolved {
  const path = resolve(given)
  const inode = netnsInode(path)
  if (inode === undefined) throw new KernelError('member', `there is no network namespace ${path}`)
  for (const pid of cgroupDepth(scope.cgroupPath) === 0 ? [] : processesIn(inode)) {
    const cgroup = cgroupOfProcess(pid)
    if (cgroup !== undefined && !isBelow(cgroup, scope.cgroupPath)) {
      throw notCovered(`process ${pid} of namespace ${path}`, cgroup, scope)
    }
  }
  return { key: netnsKey(path, scope), record: { path, inode, name: '' } }
}

function resolveCgroup(given: string, scope: Scope, name: string): Resolved {
  const path = checkCgroup(given)
  if (!isBelow(path, scope.cgroupPath)) throw notCovered(`cgroup ${path}`, path, scope)
  const level = cgroupDepth(path)
  if (level !== undefined && level >= Limits.CGROUP_LEVELS) {
    const most = Limits.CGROUP_LEVELS - 1
    throw new KernelError(
      'member',
      `cgroup ${path} lies ${level} levels deep: ${most} is the most that programs look at`,
    )
  }
  return {
    key: { kind: MemberKind.MEMBER_CGROUP, id: cgroupId(path) },
    record: { path, name, ...(level === undefined ? {} : { level }) },
  }
}

function netnsKey(path: string, scope: Scope): MemberKey {
  return { kind: MemberKind.MEMBER_NETNS, id: scope.netnsCookie(path) }
}

function notCovered(who: string, cgroup: string, scope: Scope): KernelError {
  const where = cgroup === who.slice('cgroup '.length) ? '' : `, in cgroup ${cgroup},`
  return new KernelError(
    'member',
    `${who}${where} is outside ${scope.cgroupPath}, where we are attached (--cgroup2-path)`,
  )
}
