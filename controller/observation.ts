/** What the kernel counts and tells, kept for people: metrics, access log, live connections. */

import { encode } from './abi/codec.ts'
import { SettingsFlags, TrafficKey } from './abi/layouts.generated.ts'
import type { Monitoring } from './admin/api.ts'
import type { Dataplane } from './kernel/dataplane.ts'
import { type Log, messageOf } from './kernel/error.ts'
import type { EventStream } from './kernel/events.ts'
import type { MapUsage } from './kernel/usage.ts'
import { AccessLog } from './telemetry/access-log.ts'
import { systemClock } from './telemetry/clock.ts'
import { type Connection, connectionOf } from './telemetry/connections.ts'
import type { Names } from './telemetry/names.ts'
import type { Snapshot } from './telemetry/scraped.ts'
import { TrafficTotals } from './telemetry/traffic.ts'
import type { AccessLogSettings } from './values.ts'

/** How often the kernel's ring buffer is read: no event wakes the daemon by itself. */
const EVENT_POLL_MS = 200

/** How often the kernel's counters are looked through for those of workloads that are long gone. */
const TIDY_MS = 60_000

/** Waiting for the disk at the end. */
const FLUSH_MS = 2000

const NO_LINES = { written: 0, backlog: 0, failed: 0, malformed: 0 }

export interface ObservationOptions {
  readonly dataplane: Dataplane
  readonly mapUsage: () => MapUsage[]
  readonly names: () => Names
  readonly accessLog: AccessLogSettings | undefined
  readonly monitoring: boolean
  readonly log: Log
}

export class Observation {
  readonly #options: ObservationOptions
  readonly #traffic = new TrafficTotals()
  #monitoring: Monitoring
  #accessLog: AccessLog | undefined
  #stream: EventStream | undefined
  readonly #tidying: NodeJS.Timeout

  /** @throws Error where the access log's file cannot be opened */
  constructor(options: ObservationOptions) {
    this.#options = options
    this.#monitoring = { monitoring: options.monitoring, accessLog: options.accessLog !== undefined }
    this.#apply(this.#monitoring)
    this.#tidying = setInterval(() => this.#tidy(), TIDY_MS)
  }

  get monitoring(): Monitoring {
    return this.#monitoring
  }

  /** @throws Error where the access log's file cannot be opened */
  setMonitoring(wanted: Partial<Monitoring>): Monitoring {
    const next = { ...this.#monitoring, ...wanted }
    this.#apply(next)
    this.#monitoring = next
    return next
  }

  /** All but what others know: problems and readiness. */
  snapshot(): Omit<Snapshot, 'problems' | 'ready'> {
    const { dataplane, mapUsage, names } = this.#options
    this.#stream?.flush()
    return {
      traffic: this.#traffic.update(dataplane.traffic(), names(), performance.now()),
      verdicts: dataplane.verdicts(),
      maps: mapUsage(),
      programs: dataplane.programs(),
      accessLog: this.#accessLog?.numbers() ?? NO_LINES,
    }
  }

  connections(): Connection[] {
    const names = this.#options.names()
    return this.#options.dataplane.connections().flatMap((record) => connectionOf(record, names, systemClock) ?? [])
  }

  /** After a rotation. */
  reopenAccessLog(): void {
    try {
      this.#accessLog?.reopen()
    } catch (error) {
      this.#options.log.warn(`access log: it stays in the old file: ${messageOf(error)}`)
    }
  }

  async close(): Promise<void> {
    clearInterval(this.#tidying)
    this.#stream?.flush()
    this.#stream?.close()
    await this.#accessLog?.close(FLUSH_MS)
  }

  /** Without this the map fills up with pairs of workloads that are gone, and new ones are not counted. */
  #tidy(): void {
    const { dataplane, names, log } = this.#options
    const now = performance.now()
    try {
      this.#traffic.update(dataplane.traffic(), names(), now)
      for (const key of this.#traffic.forgettable(names(), now)) {
        dataplane.store.delete('traffic', 1, encode(TrafficKey, key))
      }
    } catch (error) {
      log.warn(`counters of traffic: ${messageOf(error)}`)
    }
  }

  #apply(wanted: Monitoring): void {
    const { dataplane, accessLog, names, log } = this.#options
    if (wanted.accessLog && this.#accessLog === undefined) {
      const accessLogOf = new AccessLog({
        format: accessLog?.format ?? 'text',
        ...(accessLog?.file === undefined ? {} : { file: accessLog.file }),
        names,
        onTrouble: (error) => log.warn(`access log: ${error.message}`),
      })
      this.#accessLog = accessLogOf
      this.#stream = dataplane.events((record) => accessLogOf.record(record), EVENT_POLL_MS)
    }
    const { SETTINGS_TRAFFIC, SETTINGS_ACCESS_LOG } = SettingsFlags
    const flags =
      (dataplane.settings.read().flags & ~(SETTINGS_TRAFFIC | SETTINGS_ACCESS_LOG)) |
      (wanted.monitoring ? SETTINGS_TRAFFIC : 0) |
      (wanted.accessLog ? SETTINGS_ACCESS_LOG : 0)
    dataplane.settings.change({ flags })
  }
}
