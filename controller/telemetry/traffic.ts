/**
 * The kernel's counters of traffic, which go by ids, as totals that go by labels.
 * Totals never go back: an entry that the kernel forgot leaves what it had counted.
 */

import { Reporter, type Traffic, type TrafficKey } from '../abi/layouts.generated.ts'
import { PROTOCOL_NUMBERS } from '../abi/protocol.ts'
import type { Workload } from '../model/workload.ts'
import { type Labels, type NamedService, type Names, podLabels, serviceLabels, workloadLabels } from './names.ts'

export interface TrafficEntry {
  readonly key: TrafficKey
  readonly value: Traffic
}

export interface Series {
  readonly labels: Labels
  readonly totals: Readonly<Record<keyof Traffic, bigint>>
}

/** The same traffic, told apart by service or by pod. */
export interface GroupedTraffic {
  readonly byService: readonly Series[]
  readonly byPod: readonly Series[]
}

type Counters = Record<keyof Traffic, bigint>
type Group = Map<string, { readonly labels: Labels; readonly totals: Counters }>

/** Who an entry is about: objects of the model, which stay the same while nothing changes. */
interface Parties {
  readonly source: Workload | undefined
  readonly destination: Workload | undefined
  readonly service: NamedService | undefined
}

interface Seen {
  readonly key: TrafficKey
  readonly value: Traffic
  readonly parties: Parties
  readonly labels: { readonly service: Labels; readonly pod: Labels }
  /** when it last grew */
  readonly grown: number
}

const FORGET_AFTER_MS = 10 * 60_000

export class TrafficTotals {
  #seen: ReadonlyMap<string, Seen> = new Map()
  #byService: Group = new Map()
  #byPod: Group = new Map()

  /** @param now in ms, of any clock that does not go back */
  update(entries: Iterable<TrafficEntry>, names: Names, now: number): GroupedTraffic {
    const seen = new Map<string, Seen>()
    const [byService, byPod]: [Group, Group] = [new Map(), new Map()]
    for (const { key, value } of entries) {
      // Connections are counted for TCP alone; a reporter that is none is no entry of ours.
      if (key.protocol !== PROTOCOL_NUMBERS.TCP || key.reporter > Reporter.REPORTER_DESTINATION) continue
      const id = `${key.source} ${key.destination} ${key.service} ${key.reporter}`
      const before = this.#seen.get(id)
      const parties = partiesOf(key, names, before?.parties)
      const labels = before && sameParties(parties, before.parties) ? before.labels : labelsOf(key, parties)
      const growth = difference(value, before?.value ?? NOTHING)
      const grown = before && isNothing(growth) ? before.grown : now
      seen.set(id, { key, value, parties, labels, grown })
      addTo(byService, this.#byService, labels.service, growth)
      addTo(byPod, this.#byPod, labels.pod, growth)
    }
    this.#seen = seen
    this.#byService = byService
    this.#byPod = byPod
    return { byService: [...byService.values()], byPod: [...byPod.values()] }
  }

  /** Entries that the kernel may forget: about somebody who is gone, and grown by nothing in a while. */
  forgettable(names: Names, now: number): TrafficKey[] {
    return Array.from(this.#seen.values())
      .filter(({ key, grown }) => now - grown >= FORGET_AFTER_MS && hasGone(key, names))
      .map(({ key }) => key)
  }
}

const NOTHING: Traffic = {
  opened: 0n,
  closed: 0n,
  failed: 0n,
  sentBytes: 0n,
  receivedBytes: 0n,
  retransmitted: 0n,
  lost: 0n,
}
const COUNTERS = Object.keys(NOTHING) as (keyof Traffic)[]

/** Whoever is gone from the mesh is counted under the name that he had. */
function partiesOf(key: TrafficKey, names: Names, before: Parties | undefined): Parties {
  return {
    source: names.workload(key.source) ?? before?.source,
    destination: names.workload(key.destination) ?? before?.destination,
    service: names.service(key.service) ?? before?.service,
  }
}

function sameParties(a: Parties, b: Parties): boolean {
  return a.source === b.source && a.destination === b.destination && a.service === b.service
}

function hasGone({ source, destination, service }: TrafficKey, names: Names): boolean {
  return (
    (source !== 0n && names.workload(source) === undefined) ||
    (destination !== 0n && names.workload(destination) === undefined) ||
    (service !== 0n && names.service(service) === undefined)
  )
}

function labelsOf({ reporter }: TrafficKey, { source, destination, service }: Parties): Seen['labels'] {
  const common = {
    reporter: reporter === Reporter.REPORTER_SOURCE ? 'source' : 'destination',
    ...workloadLabels('source', source),
    ...workloadLabels('destination', destination),
    request_protocol: 'tcp',
    response_flags: '-',
    connection_security_policy: 'none',
  }
  return { service: { ...common, ...serviceLabels(service) }, pod: { ...common, ...podLabels(destination) } }
}

function addTo(group: Group, before: Group, labels: Labels, growth: Traffic): void {
  const id = Object.values(labels).join('\0')
  const series = group.get(id) ?? before.get(id) ?? { labels, totals: { ...NOTHING } }
  for (const counter of COUNTERS) series.totals[counter] += growth[counter]
  group.set(id, series)
}

/** A counter that is smaller than before began anew. */
function difference(now: Traffic, before: Traffic): Traffic {
  const growth: Counters = { ...NOTHING }
  for (const counter of COUNTERS) {
    growth[counter] = now[counter] < before[counter] ? now[counter] : now[counter] - before[counter]
  }
  return growth
}

function isNothing(traffic: Traffic): boolean {
  return COUNTERS.every((counter) => traffic[counter] === 0n)
}
