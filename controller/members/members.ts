/**
 * Members of the mesh: enrolled, taken out for a while, dropped when they are gone. Each
 * of these changes one map entry and touches no connection.
 */
import { type Member, MemberFlags, type MemberKey, MemberKind } from '../abi/layouts.generated.ts'
import { cgroupId, levelBits } from '../kernel/cgroup.ts'
import { errnoOf, KernelError, type Log } from '../kernel/error.ts'
import type { MemberEntry, MemberTable } from '../kernel/member-table.ts'
import { isBelow } from '../kernel/mounts.ts'
import { findNamespaces, netnsInode } from '../kernel/netns.ts'
import type { SettingsEntry } from '../kernel/settings.ts'
import { type MemberSource, resolveSource, type Scope } from './source.ts'

/** What can be changed while it is a member. */
export interface MemberChange {
  /** hash of the workload that it is */
  readonly workload?: bigint | undefined
  /** MemberFlags, all of them */
  readonly flags?: number | undefined
  readonly dnsPort?: number | undefined
}

/** What whoever enrols it knows about it. */
export interface MemberLabels {
  /** for people */
  readonly name?: string
  /** in which short service names are meant */
  readonly namespace?: string
  readonly workloadUid?: string
}

export interface MemberInfo extends Required<MemberLabels> {
  readonly key: MemberKey
  readonly kind: 'netns' | 'cgroup'
  /** empty: not known */
  readonly path: string
  readonly workload: bigint
  readonly flags: number
  readonly dnsPort: number
  readonly bypassed: boolean
  /** false: it lies outside of where the programs are attached now */
  readonly covered: boolean
}

const NO_LABELS: Required<MemberLabels> = { name: '', namespace: '', workloadUid: '' }

export interface MembersOptions extends Scope {
  readonly table: MemberTable
  readonly settings: SettingsEntry
  readonly log: Log
}

export class Members {
  readonly #options: MembersOptions
  /** Not found by the last sweep: gone, if the next one does not find them either. */
  readonly #missing = new Set<string>()
  #sweptTo = 0

  constructor(options: MembersOptions) {
    this.#options = options
  }

  /**
   * One that is a member already keeps what is not named.
   * @throws KernelError that says why it cannot be a member
   */
  enroll(source: MemberSource, { workload, flags, dnsPort, ...labels }: MemberChange & MemberLabels = {}): MemberInfo {
    const { table, settings, log } = this.#options
    const { key, record: found } = resolveSource(source, this.#options)
    const held = table.get(key)
    const record = { ...NO_LABELS, ...held?.record, ...found, ...labels }
    const member = merge(held?.member ?? { workload: 0n, flags: 0, dnsPort: 0 }, { workload, flags, dnsPort })
    if (key.kind === MemberKind.MEMBER_CGROUP) {
      // Before the entry: programs look for it from its first moment.
      settings.change({ cgroupLevels: settings.read().cgroupLevels | levelBits(record.level) })
    }
    table.put(key, member, record)
    log.info(`enrolled ${record.path}${record.name === '' ? '' : `, ${record.name}`}`)
    return this.#infoOf({ key, member, record })
  }

  /** The key of something that may be a member. @throws KernelError where it could not be one */
  keyOf(source: MemberSource): MemberKey {
    // Wherever it lies: what came out of our reach can still be taken out.
    return resolveSource(source, { ...this.#options, cgroupPath: '/' }).key
  }

  /** @returns false: it was no member */
  leave(key: MemberKey): boolean {
    const { table, settings } = this.#options
    const was = table.delete(key)
    if (was && key.kind === MemberKind.MEMBER_CGROUP) settings.change({ cgroupLevels: table.levels() })
    return was
  }

  /** Leaves the traffic of a member alone, or no longer. @throws KernelError when it is no member */
  bypass(key: MemberKey, on: boolean): void {
    const flags = this.#get(key).member.flags
    this.update(key, { flags: on ? flags | MemberFlags.MEMBER_BYPASS : flags & ~MemberFlags.MEMBER_BYPASS })
  }

  /** @throws KernelError when it is no member */
  update(key: MemberKey, change: MemberChange): void {
    const { member, record } = this.#get(key)
    this.#options.table.put(key, merge(member, change), record)
  }

  list(): MemberInfo[] {
    return this.#options.table.list().map((entry) => this.#infoOf(entry))
  }

  /**
   * Drops members whose namespace or cgroup was not found twice in a row.
   * @param limit how many are looked at; the next call goes on from there
   * @returns the dropped ones
   */
  sweep(limit = 512): MemberInfo[] {
    const { table, log } = this.#options
    const keys = table.keys()
    if (this.#sweptTo >= keys.length) this.#sweptTo = 0
    const looked = keys.slice(this.#sweptTo, this.#sweptTo + limit).flatMap((key) => table.get(key) ?? [])
    this.#sweptTo += limit
    const lost = looked.filter((entry) => !this.#isThere(entry))
    const namespaces = lost.length > 0 ? findNamespaces() : new Map<string, string>()
    for (const { key } of looked) if (!lost.some((entry) => entry.key === key)) this.#missing.delete(nameOf(key))
    return lost
      .filter((entry) => {
        const { key, member, record } = entry
        const found = namespaces.get(record?.inode ?? '')
        if (found !== undefined && record !== undefined) {
          // The process that it was enrolled by has ended, others are still in it.
          table.put(key, member, { ...record, path: found })
          return false
        }
        if (!this.#missing.delete(nameOf(key))) {
          this.#missing.add(nameOf(key))
          return false
        }
        log.info(`${record?.path ?? nameOf(key)} is gone, and no longer a member`)
        return this.leave(key)
      })
      .map((entry) => this.#infoOf(entry))
  }

  #get(key: MemberKey): MemberEntry {
    const entry = this.#options.table.get(key)
    if (entry === undefined) throw new KernelError('member', `${nameOf(key)} is not a member`)
    return entry
  }

  #isThere({ key, record }: MemberEntry): boolean {
    // Nothing but its number is known: nobody can tell.
    if (record === undefined) return true
    if (key.kind === MemberKind.MEMBER_NETNS) return netnsInode(record.path) === record.inode
    try {
      return cgroupId(record.path) === key.id
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') return false
      throw error
    }
  }

  #infoOf({ key, member, record }: MemberEntry): MemberInfo {
    return {
      key,
      kind: key.kind === MemberKind.MEMBER_NETNS ? 'netns' : 'cgroup',
      name: record?.name ?? '',
      namespace: record?.namespace ?? '',
      workloadUid: record?.workloadUid ?? '',
      path: record?.path ?? '',
      ...member,
      bypassed: (member.flags & MemberFlags.MEMBER_BYPASS) !== 0,
      covered:
        key.kind === MemberKind.MEMBER_NETNS || record === undefined || isBelow(record.path, this.#options.cgroupPath),
    }
  }
}

function merge(member: Member, { workload, flags, dnsPort }: MemberChange): Member {
  return {
    workload: workload ?? member.workload,
    flags: flags ?? member.flags,
    dnsPort: dnsPort ?? member.dnsPort,
  }
}

function nameOf(key: MemberKey): string {
  return `${key.kind === MemberKind.MEMBER_NETNS ? 'network namespace' : 'cgroup'} ${key.id}`
}
