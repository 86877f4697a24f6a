/** The connections that the mesh has routed or accepted and that are open now. */
import { type BpfMap, native } from '../../native/index.ts'
import { decode } from '../abi/codec.ts'
import { ConnectionRecord } from '../abi/layouts.generated.ts'
import type { Log } from './error.ts'
import { type Loaded, loadObjects } from './loader.ts'

/** Each walks one of the two maps that keep connections. */
const ITERATORS = [
  ['kmesh_fastconns', 'fast_connections'],
  ['kmesh_conns', 'connections'],
] as const

export interface ConnectionReader {
  /** in all network namespaces */
  read(): ConnectionRecord[]
  close(): void
}

export function openConnectionReader(maps: ReadonlyMap<string, BpfMap>, log: Log): ConnectionReader {
  const loaded: Loaded = loadObjects({ objects: { connections: {} }, reuse: maps, sizes: new Map() }, log)
  return {
    read() {
      const bytes = Buffer.concat(
        ITERATORS.map(([name, map]) => {
          const iterator = loaded.programs.get(name)
          if (iterator === undefined) throw new Error(`the object connections has no program ${name}`)
          return native().iterate(iterator.program, loaded.maps.get(map))
        }),
      )
      return Array.from({ length: bytes.length / ConnectionRecord.size }, (_, at) =>
        decode(ConnectionRecord, bytes.subarray(at * ConnectionRecord.size, (at + 1) * ConnectionRecord.size)),
      )
    },
    close: () => loaded.close(),
  }
}
