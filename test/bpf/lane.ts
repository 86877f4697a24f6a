/** The real programs, loaded into the kernel and attached to a cgroup of the test's own. */
import { join } from 'node:path'
import { type Codec, decode, encode } from '../../controller/abi/codec.ts'
import {
  ConnectionEvent,
  ConnectionFlags,
  ConnectionRecord,
  maps,
  verdictNames,
} from '../../controller/abi/layouts.generated.ts'
import { unpack } from '../../controller/abi/packed.ts'
import type { UndoStack } from '../../lab/undo.ts'
import { type BpfMap, type BpfProgram, native, projectRoot } from '../../native/index.ts'

type Maps = typeof maps
export type MapName = keyof Maps
export type KeyOf<N extends MapName> = Maps[N]['key'] extends Codec<infer K> ? K : never
export type ValueOf<N extends MapName> = Maps[N]['value'] extends Codec<infer V> ? V : never

const OBJECTS = ['connect', 'sockops', 'connections']
const CGROUP_SOCK_ADDR = 18
const SOCK_OPS = 13
const HELPER_GET_NETNS_COOKIE = 122
const HELPER_SET_RETVAL = 187
/** A cookie that no socket has: the kernel counts up from 1. */
const NO_SOCKET = 2n ** 64n - 1n

/** What the kernel at hand offers, as the loader tells the programs. */
export const features = {
  setRetval: () => native().probeHelper(CGROUP_SOCK_ADDR, HELPER_SET_RETVAL),
  sockopsNetnsCookie: () => native().probeHelper(SOCK_OPS, HELPER_GET_NETNS_COOKIE),
}

/** The error of a refused connect(2). */
export const refusal = (): string => (features.setRetval() ? 'ECONNREFUSED' : 'EPERM')

export class Lane {
  readonly #maps = new Map<string, BpfMap>()
  /** the map that each of the iterators walks */
  readonly #iterators: readonly (readonly [BpfProgram, BpfMap])[]

  /** @param sizes max_entries of maps that are to differ from the default */
  constructor(undo: UndoStack, cgroup: string, sizes: Readonly<Record<string, number>> = {}) {
    const programs = OBJECTS.flatMap((name) => this.#load(undo, name, sizes))
    const named = (wanted: string): BpfProgram => {
      const found = programs.find(({ name }) => name === wanted)
      if (found === undefined) throw new Error(`no program ${wanted}`)
      return found.program
    }
    this.#iterators = [
      [named('kmesh_fastconns'), this.map('fast_connections')],
      [named('kmesh_conns'), this.map('connections')],
    ]
    for (const { program, attachType, section } of programs) {
      if (section.startsWith('iter/')) continue
      const link = native().attachLink(program, { path: cgroup }, attachType)
      undo.push(`link of ${section}`, () => link.close())
    }
  }

  #load(undo: UndoStack, name: string, sizes: Readonly<Record<string, number>>) {
    const object = native().openObject(join(projectRoot(), 'build', 'bpf', `${name}.bpf.o`))
    const names = object.names()
    for (const map of names.maps) {
      const known = this.#maps.get(map)
      if (known !== undefined) object.reuseMap(map, known)
      else if (sizes[map] !== undefined) object.setMaxEntries(map, sizes[map])
    }
    if (name === 'connect') object.setRodata('has_set_retval', Uint8Array.of(Number(features.setRetval())))
    if (name === 'sockops') {
      object.setRodata('has_sockops_netns_cookie', Uint8Array.of(Number(features.sockopsNetnsCookie())))
    }
    object.load()
    for (const map of names.maps.filter((map) => !this.#maps.has(map))) {
      const loaded = object.map(map)
      this.#maps.set(map, loaded)
      undo.push(`map ${map}`, () => loaded.close())
    }
    const programs = names.programs.map((program) => ({ ...program, program: object.program(program.name) }))
    undo.push(`programs of ${name}`, () => {
      for (const { program } of programs) program.close()
    })
    object.close()
    return programs
  }

  map(name: string): BpfMap {
    const map = this.#maps.get(name)
    if (map === undefined) throw new Error(`no map ${name}`)
    return map
  }

  put<N extends MapName>(name: N, key: KeyOf<N>, value: ValueOf<N>): void {
    this.map(name).update(
      encode(maps[name].key as Codec<KeyOf<N>>, key),
      encode(maps[name].value as Codec<ValueOf<N>>, value),
    )
  }

  get<N extends MapName>(name: N, key: KeyOf<N>): ValueOf<N> | undefined {
    const bytes = this.map(name).lookup(encode(maps[name].key as Codec<KeyOf<N>>, key))
    return bytes === undefined ? undefined : decode(maps[name].value as Codec<ValueOf<N>>, bytes)
  }

  delete<N extends MapName>(name: N, key: KeyOf<N>): void {
    this.map(name).delete(encode(maps[name].key as Codec<KeyOf<N>>, key))
  }

  entries<N extends MapName>(name: N): [KeyOf<N>, ValueOf<N>][] {
    return unpack(maps[name] as never, this.map(name).dump())
  }

  clear(name: MapName): void {
    const { count, keys } = this.map(name).dump()
    this.map(name).deleteBatch(keys, count)
  }

  /** Whether the places of `fast_connections` are to be had; if not, connections go to socket storage. */
  setPlaces(to: 'free' | 'taken' | 'abandoned'): void {
    const { key, value, maxEntries } = maps.fast_connections
    const keys = new Uint8Array(key.size * maxEntries)
    const values = new Uint8Array(value.size * maxEntries)
    const [keyView, valueView] = [new DataView(keys.buffer), new DataView(values.buffer)]
    for (let i = 0; i < maxEntries; i++) {
      key.write(i, keyView, i * key.size)
      if (to === 'free') continue
      const entry = value.read(valueView, i * value.size)
      const flags = to === 'taken' ? ConnectionFlags.CONNECTION_WATCHED : 0
      value.write(
        { ...entry, socket: NO_SOCKET, connection: { ...entry.connection, flags } },
        valueView,
        i * value.size,
      )
    }
    this.map('fast_connections').updateBatch(keys, values, maxEntries)
  }

  /** How many places sockets have. */
  placesUsed(): number {
    return this.entries('fast_connections').filter(([, { socket }]) => socket !== 0n && socket !== NO_SOCKET).length
  }

  /** Counters of `verdicts`, summed over the CPUs, by name and without zeros. */
  verdicts(): Record<string, number> {
    const sums: Record<string, number> = {}
    for (const [number, name] of Object.entries(verdictNames)) {
      const values = this.map('verdicts').lookup(Uint8Array.of(Number(number), 0, 0, 0))
      const sum =
        values === undefined
          ? 0n
          : new BigUint64Array(values.buffer, values.byteOffset, values.length / 8).reduce((a, b) => a + b)
      if (sum > 0n) sums[name.replace('VERDICT_', '')] = Number(sum)
    }
    return sums
  }

  /** What `action` adds to the verdicts. */
  async counting(action: () => Promise<unknown>): Promise<Record<string, number>> {
    const before = this.verdicts()
    await action()
    const added: Record<string, number> = {}
    for (const [name, count] of Object.entries(this.verdicts())) {
      if (count !== (before[name] ?? 0)) added[name] = count - (before[name] ?? 0)
    }
    return added
  }

  /** Entries of `traffic`, each field summed over the CPUs. */
  traffic(): { key: KeyOf<'traffic'>; value: ValueOf<'traffic'> }[] {
    const { count, keys, values } = this.map('traffic').dump()
    const { key, value } = maps.traffic
    const stride = values.length / Math.max(count, 1)
    return Array.from({ length: count }, (_, i) => {
      const perCpu: ValueOf<'traffic'>[] = []
      for (let at = i * stride; at < (i + 1) * stride; at += value.size) {
        perCpu.push(decode(value, values.subarray(at, at + value.size)))
      }
      const sum = (field: keyof ValueOf<'traffic'>) => perCpu.reduce((all, one) => all + one[field], 0n)
      return {
        key: decode(key, keys.subarray(i * key.size, (i + 1) * key.size)),
        value: {
          opened: sum('opened'),
          closed: sum('closed'),
          failed: sum('failed'),
          sentBytes: sum('sentBytes'),
          receivedBytes: sum('receivedBytes'),
          retransmitted: sum('retransmitted'),
          lost: sum('lost'),
        },
      }
    })
  }

  /** Everything in the ring buffer. */
  events(): ConnectionEvent[] {
    const events: ConnectionEvent[] = []
    const ring = native().ringBuffer(
      this.map('events'),
      (record) => void events.push(decode(ConnectionEvent, record)),
      60_000,
    )
    ring.consume()
    ring.close()
    return events
  }

  connections(): ConnectionRecord[] {
    const bytes = Buffer.concat(this.#iterators.map(([program, map]) => native().iterate(program, map)))
    return Array.from({ length: bytes.length / ConnectionRecord.size }, (_, i) =>
      decode(ConnectionRecord, bytes.subarray(i * ConnectionRecord.size, (i + 1) * ConnectionRecord.size)),
    )
  }
}
