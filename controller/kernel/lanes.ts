/** Loads the programs of the lanes over one set of maps. The socket lane may be left out, or turn out not to load. */
import type { BpfMap } from '../../native/index.ts'
import { KernelError, type Log } from './error.ts'
import type { Features } from './features.ts'
import { CONNECT_LANE, connectLaneObjects, type Hook, SOCKET_LANE, SOCKET_LANE_OBJECTS } from './hooks.ts'
import { type Loaded, type LoadedProgram, loadObjects, type Objects } from './loader.ts'

export interface Lanes {
  readonly maps: ReadonlyMap<string, BpfMap>
  /** by name */
  readonly programs: ReadonlyMap<string, LoadedProgram>
  readonly objects: Objects
  readonly hooks: readonly Hook[]
  /** why there is no socket lane; undefined: there is one */
  readonly withoutSocketLane: string | undefined
  close(): void
}

/**
 * @param reuse maps that are there already
 * @param sizes entries of those that are made
 * @throws KernelError when the connect lane does not load
 */
export function loadLanes(
  features: Features,
  wantSocketLane: boolean,
  reuse: ReadonlyMap<string, BpfMap>,
  sizes: ReadonlyMap<string, number>,
  log: Log,
): Lanes {
  const objects = connectLaneObjects(features)
  const connect = loadObjects({ objects, reuse, sizes }, log)
  const connectOnly = { ...connect, objects, hooks: CONNECT_LANE }
  if (!wantSocketLane) return { ...connectOnly, withoutSocketLane: 'switched off' }
  if (!features.sockOpsNetnsCookie) {
    const withoutSocketLane = `kernel ${features.kernel} does not tell sock_ops programs the network namespace`
    return { ...connectOnly, withoutSocketLane }
  }
  let socket: Loaded
  try {
    socket = loadObjects({ objects: SOCKET_LANE_OBJECTS, reuse: connect.maps, sizes }, log)
  } catch (error) {
    if (error instanceof KernelError) return { ...connectOnly, withoutSocketLane: error.message }
    connect.close()
    throw error
  }
  return {
    maps: socket.maps,
    programs: new Map([...connect.programs, ...socket.programs]),
    objects: { ...objects, ...SOCKET_LANE_OBJECTS },
    hooks: [...CONNECT_LANE, SOCKET_LANE],
    withoutSocketLane: undefined,
    close() {
      socket.close()
      connect.close()
    },
  }
}
