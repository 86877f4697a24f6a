/**
 * Who is a member: the map `members` that the programs read, and beside it one symbolic
 * link each, whose text says what the bare number stands for. Both live as long as the pins.
 */
import { join } from 'node:path'
import type { BpfMap } from '../../native/index.ts'
import { decode, encode } from '../abi/codec.ts'
import { Member, MemberKey, MemberKind } from '../abi/layouts.generated.ts'
import { levelBits } from './cgroup.ts'
import { errnoOf, KernelError, type Log } from './error.ts'
import { list, type Pins, readText, remove, replaceText } from './pins.ts'

/** PATH_MAX, with its end: what a symbolic link can hold. */
const MAX_TEXT = 4095

/** What a member is, in the words of whoever enrolled it. */
export interface MemberRecord {
  /** file of the network namespace, or directory of the cgroup */
  readonly path: string
  /** of a namespace: tells whether it still exists */
  readonly inode?: string
  /** depth of the cgroup, where known */
  readonly level?: number
  /** for people: `curl (pid 4711)`; may be empty */
  readonly name: string
  /** in which short service names are meant; empty: none */
  readonly namespace: string
  /** uid of the workload that it is; empty: not known */
  readonly workloadUid: string
}

export interface MemberEntry {
  readonly key: MemberKey
  readonly member: Member
  /** undefined: somebody wrote the map without us */
  readonly record: MemberRecord | undefined
}

/** Enough to make the entry again where the map is another one. */
interface Stored {
  readonly record: MemberRecord
  readonly member: { readonly workload: string; readonly flags: number; readonly dnsPort: number }
}

export class MemberTable {
  readonly #map: BpfMap
  readonly #directory: string

  constructor(map: BpfMap, pins: Pins) {
    this.#map = map
    this.#directory = pins.members
  }

  get(key: MemberKey): MemberEntry | undefined {
    const bytes = this.#map.lookup(encode(MemberKey, key))
    if (bytes === undefined) return undefined
    return { key, member: decode(Member, bytes), record: this.#readRecord(key) }
  }

  keys(): MemberKey[] {
    const { count, keys } = this.#map.dump()
    return Array.from({ length: count }, (_, at) =>
      decode(MemberKey, keys.subarray(at * MemberKey.size, (at + 1) * MemberKey.size)),
    )
  }

  list(): MemberEntry[] {
    return this.keys().flatMap((key) => this.get(key) ?? [])
  }

  /** What `settings.cgroup_levels` must be, for the programs to find every member. */
  levels(): number {
    return this.keys()
      .filter((key) => key.kind === MemberKind.MEMBER_CGROUP)
      .reduce((bits, key) => bits | levelBits(this.#readRecord(key)?.level), 0)
  }

  /** @throws KernelError when the map is full, or the record too long */
  put(key: MemberKey, member: Member, record: MemberRecord | undefined): void {
    // The record first: an entry without one would be a bare number for ever.
    if (record !== undefined) {
      const stored: Stored = { record, member: { ...member, workload: String(member.workload) } }
      const text = JSON.stringify(stored)
      if (Buffer.byteLength(text) > MAX_TEXT) throw new KernelError('member', `${record.path}: the path is too long`)
      replaceText(this.#pathOf(key), text)
    }
    this.#write(key, member)
  }

  /** @returns false: it was none */
  delete(key: MemberKey): boolean {
    const was = this.#map.delete(encode(MemberKey, key))
    remove(this.#pathOf(key))
    return was
  }

  /**
   * Brings map and records together after a start: a fresh map is filled from the records;
   * with an adopted one, the map is right, and a record without an entry was never finished.
   */
  settle(adopted: boolean, log: Log): void {
    for (const file of list(this.#directory)) {
      const key = keyOf(file)
      const stored = key === undefined ? undefined : parse(readText(join(this.#directory, file)))
      if (key === undefined || stored === undefined) {
        log.warn(`${join(this.#directory, file)} is not a record of a member and is removed`)
        remove(join(this.#directory, file))
      } else if (this.#map.lookup(encode(MemberKey, key)) === undefined) {
        if (adopted) remove(join(this.#directory, file))
        else this.#write(key, memberOf(stored))
      }
    }
  }

  #write(key: MemberKey, member: Member): void {
    try {
      this.#map.update(encode(MemberKey, key), encode(Member, member))
    } catch (error) {
      if (errnoOf(error) !== 'E2BIG') throw error
      const message = `map members is full: it holds ${this.#map.maxEntries} entries (--map-size members=N)`
      if (this.#map.lookup(encode(MemberKey, key)) === undefined) remove(this.#pathOf(key))
      throw new KernelError('member', message, { cause: error })
    }
  }

  #readRecord(key: MemberKey): MemberRecord | undefined {
    return parse(readText(this.#pathOf(key)))?.record
  }

  #pathOf(key: MemberKey): string {
    return join(this.#directory, `${key.kind === MemberKind.MEMBER_NETNS ? 'netns' : 'cgroup'}-${key.id}`)
  }
}

function keyOf(file: string): MemberKey | undefined {
  const [, kind, id] = /^(netns|cgroup)-(\d+)$/.exec(file) ?? []
  if (id === undefined) return undefined
  return { kind: kind === 'netns' ? MemberKind.MEMBER_NETNS : MemberKind.MEMBER_CGROUP, id: BigInt(id) }
}

function memberOf({ member }: Stored): Member {
  return { ...member, workload: BigInt(member.workload) }
}

function parse(text: string | undefined): Stored | undefined {
  if (text === undefined) return undefined
  try {
    const stored = JSON.parse(text) as Stored
    memberOf(stored)
    return typeof stored.record.path === 'string' ? stored : undefined
  } catch {
    return undefined
  }
}
