/** The metrics that are read when somebody scrapes: their names, their labels, and where the numbers stand. */
import type { Traffic } from '../abi/layouts.generated.ts'
import { DESTINATION_LABELS, type Labels, POD_LABELS, SERVICE_LABELS, SOURCE_LABELS } from './names.ts'
import type { GroupedTraffic } from './traffic.ts'
import { LANES, type VerdictName, verdictText } from './verdicts.ts'

/** What one scrape shows. */
export interface Snapshot {
  readonly traffic: GroupedTraffic
  readonly verdicts: Readonly<Record<VerdictName, bigint>>
  readonly maps: readonly MapNumbers[]
  /** all zero while the kernel keeps no statistics */
  readonly programs: readonly ProgramNumbers[]
  readonly problems: { readonly errors: number; readonly warnings: number }
  readonly ready: boolean
  readonly accessLog: AccessLogNumbers
}

export interface MapNumbers {
  readonly name: string
  /** undefined: nothing that can be counted */
  readonly entries: number | undefined
  readonly maxEntries: number
  readonly bytes: number
}

export interface ProgramNumbers {
  readonly hook: string
  readonly runs: bigint
  readonly nanoseconds: bigint
}

/** Lines of the access log since the daemon began. */
export interface AccessLogNumbers {
  readonly written: number
  /** the reader was too slow */
  readonly backlog: number
  /** the file could not be written */
  readonly failed: number
  /** records of the kernel that made no sense */
  readonly malformed: number
}

type Sample = readonly [labels: Labels, value: number | bigint]

export interface Scraped {
  readonly type: 'counter' | 'gauge'
  readonly name: string
  readonly help: string
  readonly labels: readonly string[]
  readonly read: (snapshot: Snapshot) => Iterable<Sample>
}

const COMMON_LABELS = [
  'reporter',
  ...SOURCE_LABELS,
  ...DESTINATION_LABELS,
  'request_protocol',
  'response_flags',
  'connection_security_policy',
]

function traffic(group: keyof GroupedTraffic, name: string, counter: keyof Traffic, help: string): Scraped {
  return {
    type: 'counter',
    name,
    help,
    labels: [...COMMON_LABELS, ...(group === 'byService' ? SERVICE_LABELS : POD_LABELS)],
    read: (snapshot) => snapshot.traffic[group].map(({ labels, totals }) => [labels, totals[counter]]),
  }
}

const SENT = 'Bytes sent by TCP connections, added when they end'
const RECEIVED = 'Bytes received by TCP connections, added when they end'

const TRAFFIC: readonly Scraped[] = [
  traffic('byService', 'istio_tcp_connections_opened_total', 'opened', 'TCP connections opened'),
  traffic('byService', 'istio_tcp_connections_closed_total', 'closed', 'TCP connections closed'),
  traffic('byService', 'istio_tcp_sent_bytes_total', 'sentBytes', SENT),
  traffic('byService', 'istio_tcp_received_bytes_total', 'receivedBytes', RECEIVED),
  traffic('byService', 'kmesh_tcp_connections_opened_total', 'opened', 'TCP connections opened'),
  traffic('byService', 'kmesh_tcp_connections_closed_total', 'closed', 'TCP connections closed'),
  traffic('byService', 'kmesh_tcp_connections_failed_total', 'failed', 'TCP connections refused or not answered'),
  traffic('byService', 'kmesh_tcp_sent_bytes_total', 'sentBytes', SENT),
  traffic('byService', 'kmesh_tcp_received_bytes_total', 'receivedBytes', RECEIVED),
  traffic('byPod', 'kmesh_tcp_workload_connections_opened_total', 'opened', 'TCP connections opened, by pod'),
  traffic('byPod', 'kmesh_tcp_workload_connections_closed_total', 'closed', 'TCP connections closed, by pod'),
  traffic('byPod', 'kmesh_tcp_workload_connections_failed_total', 'failed', 'TCP connections failed, by pod'),
  traffic('byPod', 'kmesh_tcp_workload_sent_bytes_total', 'sentBytes', `${SENT}, by pod`),
  traffic('byPod', 'kmesh_tcp_workload_received_bytes_total', 'receivedBytes', `${RECEIVED}, by pod`),
  traffic('byPod', 'kmesh_tcp_retrans_total', 'retransmitted', 'Segments that TCP sent again, added at the end'),
  traffic('byPod', 'kmesh_tcp_packet_loss_total', 'lost', 'Segments that TCP took for lost at the end'),
]

const KERNEL: readonly Scraped[] = [
  {
    type: 'counter',
    name: 'kmesh_verdict_total',
    help: 'What became of connects, sends and accepts, since the maps were made',
    labels: ['verdict'],
    read: ({ verdicts }) =>
      Object.entries(verdicts).map(([name, value]) => [{ verdict: verdictText(name as VerdictName) }, value]),
  },
  {
    type: 'counter',
    name: 'kmesh_lane_total',
    help: 'Which lane was taken, and why',
    labels: ['lane', 'reason'],
    read: ({ verdicts }) => LANES.map(([lane, verdict]) => [{ lane, reason: verdictText(verdict) }, verdicts[verdict]]),
  },
  {
    type: 'gauge',
    name: 'kmesh_map_entries',
    help: 'Entries in a map of the kernel',
    labels: ['map'],
    read: ({ maps }) => maps.flatMap(({ name, entries }) => (entries === undefined ? [] : [[{ map: name }, entries]])),
  },
  {
    type: 'gauge',
    name: 'kmesh_map_max_entries',
    help: 'Entries that the map can hold',
    labels: ['map'],
    read: ({ maps }) =>
      maps.flatMap(({ name, entries, maxEntries }) => (entries === undefined ? [] : [[{ map: name }, maxEntries]])),
  },
  {
    type: 'gauge',
    name: 'kmesh_map_bytes',
    help: 'Memory of the kernel for the map',
    labels: ['map'],
    read: ({ maps }) => maps.map(({ name, bytes }) => [{ map: name }, bytes]),
  },
  {
    type: 'counter',
    name: 'kmesh_bpf_run_ns_total',
    help: 'Time spent in a program while kernel.bpf_stats_enabled is 1',
    labels: ['program'],
    read: ({ programs }) => measured(programs).map(({ hook, nanoseconds }) => [{ program: hook }, nanoseconds]),
  },
  {
    type: 'counter',
    name: 'kmesh_bpf_runs_total',
    help: 'Runs of a program while kernel.bpf_stats_enabled is 1',
    labels: ['program'],
    read: ({ programs }) => measured(programs).map(({ hook, runs }) => [{ program: hook }, runs]),
  },
]

/** Without statistics there is nothing to show, which is not the same as zero. */
function measured(programs: readonly ProgramNumbers[]): readonly ProgramNumbers[] {
  return programs.filter(({ runs }) => runs > 0n)
}

const DAEMON: readonly Scraped[] = [
  {
    type: 'gauge',
    name: 'kmesh_ready',
    help: '1 while attached, configured and self-tested, else 0',
    labels: [],
    read: ({ ready }) => [[{}, ready ? 1 : 0]],
  },
  {
    type: 'gauge',
    name: 'kmesh_config_problems',
    help: 'What of the configuration is not honoured',
    labels: ['severity'],
    read: ({ problems }) => [
      [{ severity: 'error' }, problems.errors],
      [{ severity: 'warning' }, problems.warnings],
    ],
  },
  {
    type: 'counter',
    name: 'kmesh_access_log_lines_total',
    help: 'Lines of the access log that were written',
    labels: [],
    read: ({ accessLog }) => [[{}, accessLog.written]],
  },
  {
    type: 'counter',
    name: 'kmesh_access_log_lost_total',
    help: 'Lines of the access log that are missing',
    labels: ['reason'],
    read: ({ accessLog, verdicts }) => [
      [{ reason: 'ring_full' }, verdicts.VERDICT_EVENT_LOST],
      [{ reason: 'backlog' }, accessLog.backlog],
      [{ reason: 'failed' }, accessLog.failed],
      [{ reason: 'malformed' }, accessLog.malformed],
    ],
  },
  {
    type: 'gauge',
    name: 'process_resident_memory_bytes',
    help: 'Memory of the daemon',
    labels: [],
    read: () => [[{}, process.memoryUsage.rss()]],
  },
  {
    type: 'counter',
    name: 'process_cpu_seconds_total',
    help: 'CPU time of the daemon',
    labels: [],
    read: () => {
      const { user, system } = process.cpuUsage()
      return [[{}, (user + system) / 1e6]]
    },
  },
]

export const SCRAPED: readonly Scraped[] = [...TRAFFIC, ...KERNEL, ...DAEMON]
