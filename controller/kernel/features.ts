/** What the kernel at hand offers, found by trying, and what its absence means. */
import { readFileSync } from 'node:fs'
import { native } from '../../native/index.ts'
import { errnoOf, type KernelProblem } from './error.ts'

/** From linux/bpf.h */
const PROGRAM_CGROUP_SOCK_ADDR = 18
const PROGRAM_SOCK_OPS = 13
const HELPER_GET_NETNS_COOKIE = 122
const HELPER_SET_RETVAL = 187

export interface Features {
  /** as in uname(2): `6.1.0-56-cloud-amd64` */
  readonly kernel: string
  readonly libbpf: string
  /** a refused connect can say ECONNREFUSED */
  readonly setRetval: boolean
  /** sock_ops programs can tell the network namespace */
  readonly sockOpsNetnsCookie: boolean
  /** a socket can tell its namespace's cookie */
  readonly netnsCookieOption: boolean
}

export function probeFeatures(): Features {
  const { probeHelper, libbpfVersion } = native()
  return {
    kernel: readFileSync('/proc/sys/kernel/osrelease', 'utf8').trim(),
    libbpf: libbpfVersion(),
    setRetval: probeHelper(PROGRAM_CGROUP_SOCK_ADDR, HELPER_SET_RETVAL),
    sockOpsNetnsCookie: probeHelper(PROGRAM_SOCK_OPS, HELPER_GET_NETNS_COOKIE),
    netnsCookieOption: hasNetnsCookieOption(),
  }
}

/** One line for each fallback that is in use. */
export function missingFeatures(features: Features): KernelProblem[] {
  const fallbacks: readonly (readonly [boolean, string])[] = [
    [features.setRetval, 'refused connects show EPERM instead of ECONNREFUSED'],
    [features.netnsCookieOption, 'network namespaces are told apart by a probe in a temporary cgroup'],
  ]
  return fallbacks
    .filter(([present]) => !present)
    .map(([, message]) => ({ severity: 'warning', about: `kernel ${features.kernel}`, message }))
}

export function hasNetnsCookieOption(): boolean {
  try {
    native().netnsCookie('/proc/self/ns/net')
    return true
  } catch (error) {
    if (errnoOf(error) === 'ENOPROTOOPT') return false
    throw error
  }
}
