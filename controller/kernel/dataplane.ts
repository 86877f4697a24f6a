/**
 * The data plane in the kernel: programs, maps, attachments. Opened, it gives the maps to
 * be filled; activated, its programs run on them. What a former run left goes on until
 * then, and after closing.
 */
import { type BpfMap, type LinkOrder, native } from '../../native/index.ts'
import type { ConnectionRecord } from '../abi/layouts.generated.ts'
import type { MapStore } from '../reconcile/store.ts'
import { activate } from './activate.ts'
import { type ConnectionReader, openConnectionReader } from './connections.ts'
import { readTraffic, readVerdicts, type TrafficEntry, type VerdictName } from './counters.ts'
import type { KernelProblem, Log } from './error.ts'
import { type EventStream, readEvents } from './events.ts'
import type { Features } from './features.ts'
import type { Generation } from './generation.ts'
import type { Lanes } from './lanes.ts'
import type { Links } from './links.ts'
import { createMapStore } from './map-store.ts'
import { MemberTable } from './member-table.ts'
import type { Pins } from './pins.ts'
import { findProblems } from './problems.ts'
import { runSelfTest, type SelfTest } from './self-test.ts'
import { SettingsEntry } from './settings.ts'
import { type MapUsage, type ProgramUsage, readMapUsage, readProgramUsage } from './usage.ts'

export interface DataplaneParts {
  readonly pins: Pins
  /** descriptor that keeps others away from the pins */
  readonly lock: number
  readonly links: Links
  readonly generation: Generation
  readonly lanes: Lanes
  readonly features: Features
  readonly cgroupPath: string
  readonly order: LinkOrder
  readonly log: Log
}

export class Dataplane {
  readonly cgroupPath: string
  readonly features: Features
  /** true: the tables hold what a former run left */
  readonly adopted: boolean
  /** true: until `activate` traffic goes on by the tables of a former run, which these are to replace */
  readonly replaces: boolean
  readonly store: MapStore
  readonly settings: SettingsEntry
  readonly members: MemberTable
  readonly #parts: DataplaneParts
  #misplaced: readonly string[] = []
  #active = false
  #closed = false
  #selfTest: SelfTest | undefined
  #connections: ConnectionReader | undefined
  readonly #streams = new Set<EventStream>()

  constructor(parts: DataplaneParts) {
    this.#parts = parts
    this.cgroupPath = parts.cgroupPath
    this.features = parts.features
    this.adopted = parts.generation.adopted
    this.replaces = !this.adopted && parts.links.list().length > 0
    this.store = createMapStore(parts.lanes.maps)
    this.settings = new SettingsEntry(this.#map('settings'))
    this.members = new MemberTable(this.#map('members'), parts.pins)
  }

  /** Why connections within the node cannot be joined below TCP; undefined: they can. */
  get withoutSocketLane(): string | undefined {
    return this.#parts.lanes.withoutSocketLane
  }

  /** true: the programs run on these tables */
  get active(): boolean {
    return this.#active
  }

  /** Call it when the tables are filled, and again whenever something may have been detached. @throws KernelError */
  activate(): SelfTest {
    const { links, generation } = this.#parts
    const wasAttached = links.list().length > 0
    try {
      this.#misplaced = activate({ ...this.#parts, generation: generation.number })
    } catch (error) {
      // All hooks or none, where there were none: a connection that only some of them see is worse.
      if (!wasAttached) links.dropAll()
      throw error
    }
    this.#active = true
    return this.selfTest()
  }

  /** Do connections really pass our programs? */
  selfTest(): SelfTest {
    const { cgroupPath, settings } = this
    this.#selfTest = runSelfTest({ map: (name) => this.#map(name), settings, cgroupPath })
    return this.#selfTest
  }

  /** What works less well than it should, as of now. */
  problems(): KernelProblem[] {
    const { lanes, links } = this.#parts
    return findProblems({
      features: this.features,
      lanes,
      cgroupPath: this.cgroupPath,
      attached: links.list(),
      active: this.#active,
      selfTest: this.#selfTest,
      misplaced: this.#misplaced,
    })
  }

  /** Since the maps were made, over restarts. */
  verdicts(): Record<VerdictName, bigint> {
    return readVerdicts(this.#map('verdicts'))
  }

  traffic(): TrafficEntry[] {
    return readTraffic(this.#map('traffic'))
  }

  /** @param pollMs how often the ring buffer is read */
  events(onRecord: (record: Uint8Array) => void, pollMs: number): EventStream {
    const stream = readEvents(this.#map('events'), onRecord, pollMs)
    this.#streams.add(stream)
    return stream
  }

  connections(): ConnectionRecord[] {
    this.#connections ??= openConnectionReader(this.#parts.lanes.maps, this.#parts.log)
    return this.#connections.read()
  }

  /** @param known entries by table, where the caller keeps count of them: the kernel has to walk the map */
  mapUsage(known: ReadonlyMap<string, number> = new Map()): MapUsage[] {
    return readMapUsage(this.#parts.lanes.maps, known)
  }

  programs(): ProgramUsage[] {
    return readProgramUsage(this.#parts.links)
  }

  /** Traffic goes on by the last state; the next `openDataplane` finds it. */
  close(): void {
    if (this.#closed) return
    this.#closed = true
    const { lock, links, generation, lanes } = this.#parts
    for (const stream of this.#streams) stream.close()
    this.#connections?.close()
    links.close()
    lanes.close()
    for (const map of generation.maps.values()) map.close()
    native().closeFd(lock)
  }

  #map(name: string): BpfMap {
    const map = this.#parts.lanes.maps.get(name)
    if (map === undefined) throw new Error(`no object has a map ${name}`)
    return map
  }
}
