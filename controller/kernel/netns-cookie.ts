/** The number by which BPF programs know a network namespace. */
import { type BpfMap, native } from '../../native/index.ts'
import { decode, encode, u32, u64 } from '../abi/codec.ts'
import { removeCgroup } from './cgroup.ts'
import { errnoOf, KernelError, type Log, messageOf } from './error.ts'
import { loadObjects } from './loader.ts'
import { makeProbeGroup } from './probe-groups.ts'

/** Where the probe connects to; nothing is sent. */
const LOOPBACK = '127.0.0.1'
const DISCARD_PORT = 9

/**
 * @param byOption whether sockets tell it (Features.netnsCookieOption)
 * @param cgroupPath where a group may be made for the probe
 */
export function netnsCookieReader(byOption: boolean, cgroupPath: string, log: Log): (path: string) => bigint {
  return (path) => {
    try {
      return byOption ? native().netnsCookie(path) : probeCookie(path, cgroupPath, log)
    } catch (error) {
      if (error instanceof KernelError) throw error
      const reason = errnoOf(error) === 'EINVAL' ? 'is not a network namespace' : messageOf(error)
      throw new KernelError('member', `${path}: ${reason}`, { cause: error })
    }
  }
}

/** Before 5.14: a program in a cgroup of its own looks at a socket that is made in the namespace. */
function probeCookie(path: string, cgroupPath: string, log: Log): bigint {
  const loaded = loadObjects({ objects: { cookie: {} }, reuse: new Map<string, BpfMap>(), sizes: new Map() }, log)
  const cgroup = makeProbeGroup(cgroupPath, 'cookie')
  try {
    const program = loaded.programs.get('kmesh_cookie')
    const found = loaded.maps.get('cookie')
    if (program === undefined || found === undefined) throw new Error('the object cookie has another content')
    const link = native().attachLink(program.program, { path: cgroup }, program.attachType)
    try {
      native().probeConnect(path, cgroup, LOOPBACK, DISCARD_PORT)
    } catch (error) {
      // Without a route there is no connection, but the program has seen the socket.
      if (errnoOf(error) !== 'ENETUNREACH') throw error
    } finally {
      link.close()
    }
    return decode(u64, found.lookup(encode(u32, 0)) ?? new Uint8Array(u64.size))
  } finally {
    loaded.close()
    removeCgroup(cgroup)
  }
}
