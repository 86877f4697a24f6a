/** What the daemon answers on its admin surface. */
import { release } from 'node:os'
import type {
  AdminApi,
  Connections,
  Dump,
  DumpSection,
  EnrollRequest,
  LaneStatus,
  LoggerLevel,
  MapUsage,
  MemberStatus,
  MemberTarget,
  Monitoring,
  NameTarget,
  Readiness,
  Reload,
  Status,
  Version,
} from './admin/api.ts'
import { Refusal } from './admin/api.ts'
import { dumpTables } from './compiler/dump.ts'
import { dumpLines } from './compiler/dump-text.ts'
import type { Config } from './config.ts'
import type { Enrolment } from './enrolment.ts'
import type { Dataplane } from './kernel/dataplane.ts'
import type { MapUsage as UsageOfMap } from './kernel/usage.ts'
import { isLevel, isLoggerName, LEVELS, type Logs } from './log.ts'
import type { Problem } from './model/problem.ts'
import type { Observation } from './observation.ts'
import type { Pipeline } from './pipeline.ts'
import type { Metrics, MetricsText } from './telemetry/metrics.ts'
import { readVersion, versionText } from './version.ts'

export interface AnswersOptions {
  readonly config: Config
  readonly dataplane: Dataplane
  readonly mapUsage: () => UsageOfMap[]
  readonly pipeline: Pipeline
  readonly enrolment: Enrolment
  readonly observation: Observation
  readonly metrics: Metrics
  readonly logs: Logs
  /** what the lanes do, and why one does not */
  readonly lanes: () => readonly LaneStatus[]
  /** what is still missing, one line each */
  readonly waitingFor: () => readonly string[]
  readonly listening: () => Status['listening']
  readonly reload: () => Promise<Reload>
}

/** The maps that a dump shows. */
const DUMPED = ['frontends', 'services', 'slots', 'set_members', 'cursors', 'workloads']

export function answersOf(options: AnswersOptions): AdminApi {
  const { config, dataplane, pipeline, enrolment, observation, metrics, logs } = options
  const started = new Date()
  const version: Version = readVersion()

  const problems = (): readonly Problem[] => pipeline.problems()
  const maps = (): readonly MapUsage[] =>
    options.mapUsage().map(({ name, entries = null, maxEntries, bytes }) => ({ name, entries, maxEntries, bytes }))
  const readiness = (): Readiness => {
    const waitingFor = options.waitingFor()
    return { ready: waitingFor.length === 0, waitingFor }
  }
  /** What the kernel holds, as of now: not what we believe. */
  const held = (): ReturnType<typeof dumpTables> =>
    dumpTables(new Map(DUMPED.map((table) => [table, dataplane.store.dump(table)])), pipeline.directory)

  return {
    version: async () => version,
    readiness: async () => readiness(),
    status: async () => {
      const members = enrolment.list()
      const { mesh } = pipeline
      let endpoints = 0
      for (const service of mesh.services.values()) endpoints += service.endpoints.length
      const all = problems()
      return {
        ...readiness(),
        version: versionText(version),
        pid: process.pid,
        startedAt: started.toISOString(),
        mode: 'standalone',
        node: { name: config.node.name, kernel: release() },
        paths: {
          config: config.configFolder,
          cgroup2: dataplane.cgroupPath,
          pins: config.pins.bpfFsPath,
          socket: config.socket,
        },
        listening: options.listening(),
        mesh: { services: mesh.services.size, endpoints, workloads: mesh.workloads.size },
        lastReload: pipeline.lastReload ?? null,
        problems: {
          errors: all.filter(({ severity }) => severity === 'error').length,
          warnings: all.filter(({ severity }) => severity === 'warning').length,
        },
        members: {
          netns: members.filter(({ kind }) => kind === 'netns').length,
          cgroup: members.filter(({ kind }) => kind === 'cgroup').length,
          bypassed: members.filter(({ bypass }) => bypass).length,
        },
        lanes: options.lanes(),
        maps: maps(),
        monitoring: observation.monitoring,
        kernelProblems: dataplane.problems(),
      }
    },
    dumpText: async function* (section: DumpSection) {
      if (section === 'members' || section === 'all') {
        for (const member of enrolment.list()) yield `members ${memberLine(member)}\n`
      }
      if (section === 'members') return
      for (const line of dumpLines(held())) {
        if (section === 'all' || line.startsWith(`${section} `)) yield `${line}\n`
      }
    },
    dump: async (section: DumpSection): Promise<Dump> => {
      const all = { ...held(), members: enrolment.list() }
      return section === 'all' ? all : { [section]: all[section] }
    },
    problems: async () => problems(),
    maps: async () => maps(),
    connections: async (limit: number): Promise<Connections> => {
      const all = observation.connections()
      return { connections: all.slice(0, limit), omitted: Math.max(0, all.length - limit) }
    },
    members: async () => enrolment.list(),
    enroll: (request: EnrollRequest) => enrolment.enroll(request),
    leave: (target: MemberTarget) => enrolment.leave(target),
    bypass: (target: MemberTarget | NameTarget, on: boolean) => enrolment.bypass(target, on),
    reload: () => options.reload(),
    loggers: async (): Promise<readonly LoggerLevel[]> => [...logs.levels()].map(([name, level]) => ({ name, level })),
    setLogger: async ({ name, level }: LoggerLevel) => {
      if (!isLoggerName(name)) throw new Refusal('not-found', `no logger ${JSON.stringify(name)}`)
      if (!isLevel(level)) throw new Refusal('invalid', `level: none of ${LEVELS.join(', ')}`)
      logs.setLevel(name, level)
    },
    monitoring: async () => observation.monitoring,
    setMonitoring: async (wanted: Partial<Monitoring>) => {
      try {
        return observation.setMonitoring(wanted)
      } catch (error) {
        throw new Refusal('conflict', error instanceof Error ? error.message : String(error))
      }
    },
    metrics: (): Promise<MetricsText> => metrics.text(),
  }
}

function memberLine({ kind, id, path, namespace, workload, bypass }: MemberStatus): string {
  return [kind, id, path ?? '?', workload ?? namespace, ...(bypass ? ['bypassed'] : [])].join(' ')
}
