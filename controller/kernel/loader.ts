/** Objects into the kernel: all of them over one set of maps. */
import { join } from 'node:path'
import { type BpfMap, type BpfObject, type BpfProgram, native, projectRoot } from '../../native/index.ts'
import { errnoOf, KernelError, type Log, messageOf } from './error.ts'

/** NAME stands for build/bpf/NAME.bpf.o; with the constants of its programs, by variable. */
export type Objects = Readonly<Record<string, Readonly<Record<string, boolean>>>>

export interface LoadRequest {
  readonly objects: Objects
  /** where the objects are; by default where they are built */
  readonly directory?: string
  /** maps that are there already, by name; the others are made */
  readonly reuse: ReadonlyMap<string, BpfMap>
  /** entries of the maps that are made */
  readonly sizes: ReadonlyMap<string, number>
}

export interface LoadedProgram {
  readonly program: BpfProgram
  /** enum bpf_attach_type */
  readonly attachType: number
}

export interface Loaded {
  /** all maps, the reused ones included */
  readonly maps: ReadonlyMap<string, BpfMap>
  readonly programs: ReadonlyMap<string, LoadedProgram>
  /** Ends what is not pinned or attached; leaves the reused maps open. */
  close(): void
}

/** @throws KernelError with one line; the verifier's log goes to `log.debug` */
export function loadObjects({ objects, directory, reuse, sizes }: LoadRequest, log: Log): Loaded {
  const folder = directory ?? join(projectRoot(), 'build', 'bpf')
  const maps = new Map(reuse)
  const programs = new Map<string, LoadedProgram>()
  const opened: BpfObject[] = []
  const close = (): void => {
    for (const { program } of programs.values()) program.close()
    for (const [name, map] of maps) if (!reuse.has(name)) map.close()
    for (const object of opened) object.close()
  }
  try {
    for (const [name, constants] of Object.entries(objects)) {
      const object = native().openObject(join(folder, `${name}.bpf.o`))
      opened.push(object)
      const names = object.names()
      for (const map of names.maps) {
        const held = maps.get(map)
        const size = sizes.get(map)
        if (held !== undefined) object.reuseMap(map, held)
        else if (size !== undefined) object.setMaxEntries(map, size)
      }
      for (const [variable, value] of Object.entries(constants))
        object.setRodata(variable, Uint8Array.of(value ? 1 : 0))
      load(object, name, log)
      for (const map of names.maps) if (!maps.has(map)) maps.set(map, object.map(map))
      for (const { name: program, attachType } of names.programs) {
        programs.set(program, { program: object.program(program), attachType })
      }
    }
  } catch (error) {
    close()
    throw error
  }
  return { maps, programs, close }
}

function load(object: BpfObject, name: string, log: Log): void {
  try {
    object.load()
  } catch (error) {
    const bpfLog = error instanceof Error && 'bpfLog' in error ? String(error.bpfLog) : ''
    log.debug(bpfLog)
    const culprit = /prog '(\w+)': BPF program load failed/.exec(bpfLog)?.[1]
    if (errnoOf(error) === 'EPERM') {
      throw new KernelError('privileges', `this process may not load BPF programs (${messageOf(error)})`, {
        cause: error,
      })
    }
    const what = culprit === undefined ? `the programs of ${name}` : `the program ${culprit}`
    throw new KernelError('load', `the kernel does not take ${what}: ${messageOf(error)}`, { cause: error })
  }
}
