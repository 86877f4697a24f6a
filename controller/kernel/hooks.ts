/** Our programs, the hooks they are for, and the constants they are loaded with. */
import type { Features } from './features.ts'
import type { Objects } from './loader.ts'

/** One program on one hook of a cgroup. */
export interface Hook {
  readonly name: string
  readonly program: string
}

/**
 * In the order of attachment: whoever shows an application the address that it asked for
 * comes before whoever replaces it.
 */
export const CONNECT_LANE: readonly Hook[] = [
  { name: 'getpeername4', program: 'kmesh_getpeer4' },
  { name: 'getpeername6', program: 'kmesh_getpeer6' },
  { name: 'recvmsg4', program: 'kmesh_recvmsg4' },
  { name: 'recvmsg6', program: 'kmesh_recvmsg6' },
  { name: 'sockops', program: 'kmesh_sockops' },
  { name: 'sendmsg4', program: 'kmesh_sendmsg4' },
  { name: 'sendmsg6', program: 'kmesh_sendmsg6' },
  { name: 'connect4', program: 'kmesh_connect4' },
  { name: 'connect6', program: 'kmesh_connect6' },
]

/** Without it the node works, connections stay on TCP. Its other program stands on the map `sockets`. */
export const SOCKET_LANE: Hook = { name: 'join', program: 'kmesh_join' }
export const SOCKET_LANE_REDIRECT = 'kmesh_redirect'

export function connectLaneObjects(features: Features): Objects {
  return {
    connect: { has_set_retval: features.setRetval },
    sockops: { has_sockops_netns_cookie: features.sockOpsNetnsCookie },
  }
}

export const SOCKET_LANE_OBJECTS: Objects = { join: {} }
