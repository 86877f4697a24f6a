/**
 * Who takes part: enrols and releases members at the word of the admin surface, gives each its resolver, and keeps
 * both in step with what vanishes by itself. Survives restarts: what the kernel holds is taken up again.
 */

import { addressBytes } from './abi/address.ts'
import { encode, u32 } from './abi/codec.ts'
import { MemberFlags } from './abi/layouts.generated.ts'
import type { EnrollRequest, MemberStatus, MemberTarget, NameTarget } from './admin/api.ts'
import { Refusal } from './admin/api.ts'
import { workloadId } from './compiler/workloads.ts'
import type { Resolvers } from './dns/resolvers.ts'
import { KernelError, type Log, messageOf } from './kernel/error.ts'
import type { MemberInfo, Members } from './members/members.ts'
import type { Workload } from './model/workload.ts'
import type { MapStore } from './reconcile/store.ts'

export interface EnrolmentOptions {
  readonly members: Members
  /** undefined: names of the mesh are not answered (--dns-proxy off) */
  readonly resolvers: Resolvers | undefined
  /** by `namespace/name`; undefined: not known to the mesh */
  readonly findWorkload: (name: string) => Workload | undefined
  readonly workload: (id: bigint) => Workload | undefined
  readonly log: Log
}

const DEFAULT_NAMESPACE = 'default'

export class Enrolment {
  readonly #options: EnrolmentOptions

  constructor(options: EnrolmentOptions) {
    this.#options = options
  }

  /** Opens the resolvers of members that an earlier daemon enrolled: their ports are new ones. */
  async restore(): Promise<void> {
    // First: the process by which a namespace was known may have ended meanwhile.
    this.sweep()
    for (const member of this.#options.members.list()) {
      // Of a self-test that was killed with its daemon.
      if (isOfSelfTest(member)) this.#options.members.leave(member.key)
      else await this.#serveNames(member)
    }
  }

  async enroll({ target, namespace = DEFAULT_NAMESPACE, workload, name }: EnrollRequest): Promise<MemberStatus> {
    const found = workload === undefined ? undefined : this.#options.findWorkload(workload)
    if (workload !== undefined && found === undefined)
      throw new Refusal('not-found', `the mesh has no workload ${workload}`)
    const known = found === undefined ? {} : { workload: workloadId(found), workloadUid: found.uid, name: found.name }
    const label = name === undefined ? {} : { name }
    const member = refusing(() => this.#options.members.enroll(target, { namespace, ...known, ...label }))
    await this.#serveNames(member)
    return this.#status(this.#find(member))
  }

  async leave(target: MemberTarget): Promise<MemberStatus> {
    const key = refusing(() => this.#options.members.keyOf(target))
    const member = this.#options.members.list().find(isKey(key))
    if (member === undefined) throw new Refusal('not-found', 'that is not a member')
    this.#options.members.leave(key)
    this.#options.resolvers?.close(idOf(member))
    return this.#status(member)
  }

  async bypass(target: MemberTarget | NameTarget, on: boolean): Promise<readonly MemberStatus[]> {
    const { members } = this.#options
    const meant = 'name' in target ? this.#named(target.name) : this.#targeted(target)
    if (meant.length === 0) throw new Refusal('not-found', 'that is not a member')
    for (const { key } of meant) members.bypass(key, on)
    return meant.map((member) => this.#status(this.#find(member)))
  }

  /** All but the namespace of the socket lane's self-test. */
  list(): readonly MemberStatus[] {
    return this.#options.members
      .list()
      .filter((member) => !isOfSelfTest(member))
      .map((member) => this.#status(member))
  }

  /** Releases what is gone from the machine. */
  sweep(): void {
    for (const member of this.#options.members.sweep()) this.#options.resolvers?.close(idOf(member))
  }

  /** A member without a resolver still resolves: by its own name server, without names of the mesh. */
  async #serveNames(member: MemberInfo): Promise<void> {
    const { resolvers, members, log } = this.#options
    if (resolvers === undefined) return
    const netns = member.kind === 'netns' ? member.path : '/proc/self/ns/net'
    if (netns === '') return
    try {
      const dnsPort = await resolvers.open({ id: idOf(member), netns, namespace: namespaceOf(member) })
      const { flags } = this.#find(member)
      members.update(member.key, { flags: flags | MemberFlags.MEMBER_DNS, dnsPort })
    } catch (error) {
      log.warn(`names of the mesh are not answered in ${member.path}: ${messageOf(error)}`)
    }
  }

  #find(member: MemberInfo): MemberInfo {
    return this.#options.members.list().find(isKey(member.key)) ?? member
  }

  #targeted(target: MemberTarget): MemberInfo[] {
    return this.#options.members.list().filter(isKey(refusing(() => this.#options.members.keyOf(target))))
  }

  #named(name: string): MemberInfo[] {
    const isNamed = (text: string): boolean => text === name || text.endsWith(`/${name}`)
    return this.#options.members.list().filter((member) => {
      const workload = this.#options.workload(member.workload)
      return isNamed(member.name) || (workload !== undefined && isNamed(`${workload.namespace}/${workload.name}`))
    })
  }

  #status(member: MemberInfo): MemberStatus {
    const workload = this.#options.workload(member.workload)
    return {
      kind: member.kind,
      id: String(member.key.id),
      name: member.name,
      path: member.path === '' ? null : member.path,
      namespace: namespaceOf(member),
      workload: workload === undefined ? null : `${workload.namespace}/${workload.name}`,
      bypass: member.bypassed,
      dns: (member.flags & MemberFlags.MEMBER_DNS) !== 0,
      socketLane: (member.flags & MemberFlags.MEMBER_NO_SOCKET_LANE) === 0,
      covered: member.covered,
    }
  }
}

/** Tells the kernel whose queries are ours; the others are never looked at. */
export function nameServerTable(store: MapStore, log: Log): (addresses: readonly string[]) => void {
  let held: readonly string[] = []
  const keyOf = (address: string): Uint8Array => addressBytes(address) ?? new Uint8Array(16)
  return (addresses) => {
    try {
      for (const address of held) if (!addresses.includes(address)) store.delete('nameservers', 1, keyOf(address))
      for (const address of addresses) {
        store.update('nameservers', { count: 1, keys: keyOf(address), values: encode(u32, 1) })
      }
      held = addresses
    } catch (error) {
      log.warn(`name servers: ${messageOf(error)}`)
    }
  }
}

const isOfSelfTest = ({ flags }: MemberInfo): boolean => (flags & MemberFlags.MEMBER_SOCKET_LANE_TEST) !== 0

const idOf = ({ key }: MemberInfo): string => `${key.kind} ${key.id}`

const isKey =
  (key: MemberInfo['key']) =>
  (member: MemberInfo): boolean =>
    member.key.kind === key.kind && member.key.id === key.id

/** One that was enrolled without the daemon may have none. */
function namespaceOf({ namespace }: MemberInfo): string {
  return namespace === '' ? DEFAULT_NAMESPACE : namespace
}

/** What the kernel layer refuses is the caller's to mend. */
function refusing<T>(work: () => T): T {
  try {
    return work()
  } catch (error) {
    if (error instanceof KernelError) throw new Refusal('invalid', error.message)
    throw error
  }
}
