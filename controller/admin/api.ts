/**
 * What the daemon can be asked. The admin server gives it HTTP, kmeshctl prints it:
 * every answer is plain JSON, and its shape is the one that docs/cli.md describes.
 */
import type { Problem } from '../model/problem.ts'
import type { Connection } from '../telemetry/connections.ts'
import type { MetricsText } from '../telemetry/metrics.ts'

/** Methods throw `Refusal` where the fault is the caller's or the moment's; anything else is a fault of the daemon. */
export interface AdminApi {
  version(): Promise<Version>
  readiness(): Promise<Readiness>
  status(): Promise<Status>
  /** As `kmeshctl dump` prints it, in pieces. */
  dumpText(section: DumpSection): AsyncIterable<string>
  /** One JSON value per entry. */
  dump(section: DumpSection): Promise<Dump>
  problems(): Promise<readonly Problem[]>
  maps(): Promise<readonly MapUsage[]>
  connections(limit: number): Promise<Connections>
  members(): Promise<readonly MemberStatus[]>
  enroll(request: EnrollRequest): Promise<MemberStatus>
  leave(target: MemberTarget): Promise<MemberStatus>
  /** All members that the target means: a workload's name may stand for several. */
  bypass(target: MemberTarget | NameTarget, on: boolean): Promise<readonly MemberStatus[]>
  /** Reads the configuration again, now, and waits until the kernel has it. */
  reload(): Promise<Reload>
  loggers(): Promise<readonly LoggerLevel[]>
  setLogger(wanted: LoggerLevel): Promise<void>
  monitoring(): Promise<Monitoring>
  setMonitoring(wanted: Partial<Monitoring>): Promise<Monitoring>
  /** The Prometheus text of all metrics. */
  metrics(): Promise<MetricsText>
}

export const DUMP_SECTIONS = ['services', 'frontends', 'slots', 'workloads', 'members', 'all'] as const
export type DumpSection = (typeof DUMP_SECTIONS)[number]

/** Entries by section; `all` has further ones, for the tables that stand behind these. */
export type Dump = Readonly<Record<string, readonly unknown[]>>

export interface Version {
  /** `v0.1.0` */
  readonly gitVersion: string
  /** `unknown` outside of a git checkout */
  readonly gitCommit: string
  readonly nodeVersion: string
  /** `linux/amd64` */
  readonly platform: string
}

export interface Readiness {
  readonly ready: boolean
  /** what is still missing, one line each */
  readonly waitingFor: readonly string[]
}

export interface Status extends Readiness {
  readonly version: string
  readonly pid: number
  /** RFC 3339, as all times */
  readonly startedAt: string
  readonly mode: 'standalone'
  readonly node: { readonly name: string; readonly kernel: string }
  readonly paths: { readonly config: string; readonly cgroup2: string; readonly pins: string; readonly socket: string }
  /** `HOST:PORT` as bound; null: off */
  readonly listening: { readonly admin: string | null; readonly metrics: string | null }
  readonly mesh: { readonly services: number; readonly endpoints: number; readonly workloads: number }
  /** null: none yet */
  readonly lastReload: Reload | null
  readonly problems: { readonly errors: number; readonly warnings: number }
  readonly members: { readonly netns: number; readonly cgroup: number; readonly bypassed: number }
  readonly lanes: readonly LaneStatus[]
  readonly maps: readonly MapUsage[]
  readonly monitoring: Monitoring
  /** features that this kernel lacks, programs of others on our hooks: what works less well than it should */
  readonly kernelProblems: readonly KernelProblem[]
}

export interface KernelProblem {
  readonly severity: 'error' | 'warning'
  /** which part: `kernel 5.10`, `connect4`, `members`, ... */
  readonly about: string
  readonly message: string
}

export interface LaneStatus {
  readonly lane: 'connect' | 'socket'
  readonly state: 'on' | 'off'
  /** why it is off; empty while it is on */
  readonly reason: string
}

export interface Reload {
  readonly at: string
  /** false: the last good state stays in force */
  readonly ok: boolean
  /** empty where ok */
  readonly error: string
  readonly durationMs: number
  readonly files: number
  /** map entries written and deleted */
  readonly written: number
  readonly deleted: number
}

export interface MapUsage {
  readonly name: string
  /** null: nothing that can be counted (ring buffers, storage of sockets) */
  readonly entries: number | null
  readonly maxEntries: number
  /** of kernel memory */
  readonly bytes: number
}

export interface Connections {
  readonly connections: readonly Connection[]
  /** how many more there are beyond the limit */
  readonly omitted: number
}

export type MemberTarget =
  /** The network namespace of a process or, where that is the node's own, its cgroup. */
  | { readonly pid: number }
  /** absolute path of a cgroup2 directory */
  | { readonly cgroup: string }
  /** absolute path of a namespace file */
  | { readonly netns: string }

/** `namespace/name` or `name` of the workload that the members are */
export interface NameTarget {
  readonly name: string
}

export interface EnrollRequest {
  readonly target: MemberTarget
  /** for people: what it is */
  readonly name?: string
  /** for names without a namespace, and for its metrics */
  readonly namespace?: string
  /** of the workload that it is, where the mesh knows it */
  readonly workload?: string
}

export interface MemberStatus {
  readonly kind: 'netns' | 'cgroup'
  /** decimal: cookie of the namespace, or inode of the cgroup */
  readonly id: string
  /** for people; may be empty */
  readonly name: string
  /** where it is known */
  readonly path: string | null
  readonly namespace: string
  /** `namespace/name`; null: not known to the mesh */
  readonly workload: string | null
  readonly bypass: boolean
  readonly dns: boolean
  readonly socketLane: boolean
  /** false: it lies outside of where the programs are attached, and nothing of it is handled */
  readonly covered: boolean
}

export interface LoggerLevel {
  readonly name: string
  readonly level: string
}

export interface Monitoring {
  /** connections and bytes are counted for the metrics */
  readonly monitoring: boolean
  readonly accessLog: boolean
}

export type RefusalReason = 'invalid' | 'not-found' | 'conflict' | 'full' | 'not-ready'

/** No, and why: one line that the user can act on. */
export class Refusal extends Error {
  readonly reason: RefusalReason
  constructor(reason: RefusalReason, message: string) {
    super(message)
    this.name = 'Refusal'
    this.reason = reason
  }
}
