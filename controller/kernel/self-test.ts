/**
 * Proof that traffic passes our hooks: a process in a cgroup of its own connects to an
 * address that nothing but our tables know, and must be refused.
 */
import { type BpfMap, native } from '../../native/index.ts'
import { addressBytes } from '../abi/address.ts'
import { type Codec, encode, u64 } from '../abi/codec.ts'
import {
  Balance,
  Frontend,
  FrontendKey,
  Member,
  MemberKey,
  MemberKind,
  Reporter,
  Service,
  TrafficKey,
} from '../abi/layouts.generated.ts'
import { cgroupDepth, cgroupId, levelBits, removeCgroup } from './cgroup.ts'
import { readVerdicts } from './counters.ts'
import { errnoOf, messageOf } from './error.ts'
import { makeProbeGroup } from './probe-groups.ts'
import type { SettingsEntry } from './settings.ts'

export interface SelfTest {
  /** impossible: it could not be tried, so nothing is proved */
  readonly is: 'passed' | 'failed' | 'impossible'
  /** what was seen; for status */
  readonly message: string
}

export interface Tested {
  readonly map: (name: string) => BpfMap
  readonly settings: SettingsEntry
  readonly cgroupPath: string
}

/** Spells "kmeshtst": the hash of some content equals it with a chance of 2^-64. */
export const SELF_TEST_SERVICE = 0x6b6d_6573_6874_7374n

const IPPROTO_UDP = 17
const PORT = 9
/** Of class E, which nobody routes, and of the discard prefix of RFC 6666. */
const TARGETS = [
  { hook: 'connect4', address: '240.0.0.15' },
  { hook: 'connect6', address: '100::15' },
] as const

/** Takes some 20 ms, and leaves the tables as they were. */
export function runSelfTest({ map, settings, cgroupPath }: Tested): SelfTest {
  const before = settings.read().cgroupLevels
  const undo: (() => void)[] = []
  const put = <V>(table: string, key: Uint8Array, codec: Codec<V>, value: V): void => {
    map(table).update(key, encode(codec, value))
    undo.push(() => map(table).delete(key))
  }
  try {
    const cgroup = makeProbeGroup(cgroupPath, 'selftest')
    undo.push(() => removeCgroup(cgroup))
    settings.change({ cgroupLevels: before | levelBits(cgroupDepth(cgroup)) })
    undo.push(() => settings.change({ cgroupLevels: before }))
    undo.push(() => map('traffic').delete(encode(TrafficKey, refusals())))
    put('services', encode(u64, SELF_TEST_SERVICE), Service, emptyService())
    for (const { address } of TARGETS) {
      const self: FrontendKey = { vip: addressBytes(address) ?? new Uint8Array(16), port: PORT, protocol: IPPROTO_UDP }
      const frontend = { service: SELF_TEST_SERVICE, self, serviceAgain: SELF_TEST_SERVICE }
      put('frontends', encode(FrontendKey, self), Frontend, frontend)
    }
    const member: MemberKey = { kind: MemberKind.MEMBER_CGROUP, id: cgroupId(cgroup) }
    put('members', encode(MemberKey, member), Member, { workload: 0n, flags: 0, dnsPort: 0 })

    const failures = TARGETS.flatMap(({ hook, address }) => probe(map('verdicts'), hook, cgroup, address) ?? [])
    if (failures.length > 0) return { is: 'failed', message: failures.join('; ') }
    return { is: 'passed', message: `connections below ${cgroupPath} pass our programs` }
  } catch (error) {
    return { is: 'impossible', message: `no test connection: ${messageOf(error)}` }
  } finally {
    for (const step of undo.reverse()) step()
  }
}

/** @returns what is wrong */
function probe(verdicts: BpfMap, hook: string, cgroup: string, address: string): string | undefined {
  const before = readVerdicts(verdicts).VERDICT_NO_ENDPOINT
  let answer = 'none'
  try {
    native().probeConnect(undefined, cgroup, address, PORT)
  } catch (error) {
    answer = errnoOf(error)
    if (answer === 'EAFNOSUPPORT') return undefined
    const counted = readVerdicts(verdicts).VERDICT_NO_ENDPOINT > before
    if (counted && (answer === 'EPERM' || answer === 'ECONNREFUSED')) return undefined
  }
  return `${hook}: a test connection was not refused by our program (error: ${answer})`
}

function emptyService(): Service {
  const nothing = { id: 0n, count: 0 }
  return {
    id: SELF_TEST_SERVICE,
    v4: nothing,
    v6: nothing,
    balance: Balance.BALANCE_RANDOM,
    affinitySeconds: 0,
    flags: 0,
    idAgain: SELF_TEST_SERVICE,
  }
}

/** Where the refusals of the test are counted while traffic is. */
function refusals(): TrafficKey {
  const reporter = Reporter.REPORTER_SOURCE
  return { source: 0n, destination: 0n, service: SELF_TEST_SERVICE, reporter, protocol: IPPROTO_UDP }
}
