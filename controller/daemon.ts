/** Wires the parts of the daemon together: the only file that knows all of them. */
import { native } from '../native/index.ts'
import type { LaneStatus, Reload } from './admin/api.ts'
import { type Listener, listenLoopback, listenMetrics, listenUnix } from './admin/server.ts'
import { answersOf } from './answers.ts'
import { DEFAULT_LIMITS, type Limits } from './compiler/limits.ts'
import type { Config } from './config.ts'
import { Resolvers } from './dns/resolvers.ts'
import { Enrolment, nameServerTable } from './enrolment.ts'
import { findCgroup2 } from './kernel/cgroup.ts'
import type { Dataplane } from './kernel/dataplane.ts'
import { KernelError, messageOf } from './kernel/error.ts'
import { netnsCookieReader } from './kernel/netns-cookie.ts'
import { openDataplane } from './kernel/open.ts'
import type { Logs } from './log.ts'
import { membersOf } from './members/open.ts'
import { nodeView } from './node-view.ts'
import { Observation } from './observation.ts'
import { Pipeline } from './pipeline.ts'
import { createReconciler } from './reconcile/reconciler.ts'
import { SocketLane } from './socket-lane.ts'
import { openFileSource } from './sources/files/open.ts'
import { Metrics } from './telemetry/metrics.ts'
import { readVersion } from './version.ts'

/** How long a replaced set of endpoints stays: for hooks that were preempted while they read, and for dumps. */
const GRACE_MS = 2000

/** How often we look for members that are gone. */
const SWEEP_MS = 5000

export interface Daemon {
  /** After a rotation. */
  reopenAccessLog(): void
  /** Ends the daemon; traffic goes on by the last state. */
  close(): Promise<void>
}

/** @throws with one line for the operator; nothing of this run is left then */
export async function startDaemon(config: Config, logs: Logs): Promise<Daemon> {
  const undo: (() => unknown)[] = []
  try {
    return await start(config, logs, undo)
  } catch (error) {
    for (const step of undo.reverse()) await step()
    throw error
  }
}

async function start(config: Config, logs: Logs, undo: (() => unknown)[]): Promise<Daemon> {
  const log = logs.get('default')
  const waitingFor = new Set(['configuration', 'programs'])
  const dataplane = open(config, logs)
  undo.push(() => dataplane.close())

  const reconciler = createReconciler({
    store: dataplane.store,
    now: () => performance.now(),
    schedule: (work, delayMs) => {
      const timer = setTimeout(work, delayMs)
      return () => clearTimeout(timer)
    },
    graceMs: GRACE_MS,
    onOutcome: (outcome) => pipeline.settle(outcome),
  })
  undo.push(() => reconciler.close())
  reconciler.adopt()

  // The reconciler counts what it writes; the kernel would have to walk the maps.
  const mapUsage = () => dataplane.mapUsage(new Map(Object.entries(reconciler.held())))
  let loaded = false
  /** Only with filled tables; and tables that are to replace a former run's must hold all that there is. */
  const attach = (): void => {
    if (dataplane.active || (dataplane.replaces && pipeline.lastReload?.ok !== true)) return
    waitingFor.delete('configuration')
    const selfTest = dataplane.activate()
    waitingFor.delete('programs')
    if (selfTest.is === 'failed') waitingFor.add(`self-test: ${selfTest.message}`)
    for (const { about, message } of dataplane.problems()) log.warn(`${about}: ${message}`)
  }
  const metrics = new Metrics(
    () => {
      const problems = pipeline.problems()
      return {
        ...observation.snapshot(),
        problems: {
          errors: problems.filter(({ severity }) => severity === 'error').length,
          warnings: problems.filter(({ severity }) => severity === 'warning').length,
        },
        ready: waitingFor.size === 0,
      }
    },
    { version: readVersion().gitVersion, commit: readVersion().gitCommit },
  )
  const pipeline = new Pipeline({
    reconciler,
    inherits: dataplane.adopted || dataplane.replaces,
    limits: limitsOf(config),
    view: (mesh) => nodeView(mesh, config.node.name),
    onReload: (reload) => {
      metrics.countReload(reload)
      if (!reload.ok) log.warn(`configuration: ${reload.error}`)
      if (!loaded) return
      try {
        attach()
      } catch (error) {
        log.error(messageOf(error))
      }
    },
  })
  const observation = new Observation({
    dataplane,
    mapUsage,
    names: () => pipeline.directory,
    accessLog: config.accessLog,
    monitoring: config.monitoring,
    log: logs.get('telemetry'),
  })
  undo.push(() => observation.close())

  const resolvers = config.dnsProxy ? openResolvers(config, dataplane, pipeline, logs) : undefined
  undo.push(() => resolvers?.closeAll())
  const netnsCookie = netnsCookieReader(dataplane.features.netnsCookieOption, dataplane.cgroupPath, logs.get('kernel'))
  const enrolment = new Enrolment({
    members: membersOf(dataplane, logs.get('kernel')),
    resolvers,
    findWorkload: (name) => {
      for (const workload of pipeline.mesh.workloads.values()) {
        if (`${workload.namespace}/${workload.name}` === name) return workload
      }
      return undefined
    },
    workload: (id) => pipeline.directory.workload(id),
    log: logs.get('dns'),
  })

  const source = openFileSource(config.configFolder, {
    clusterDomain: config.node.clusterDomain,
    onMesh: (mesh, problems) => void pipeline.load({ mesh, problems, files: source.fileCount() }),
  })
  undo.push(() => source.close())
  await source.ready
  loaded = true
  attach()
  await enrolment.restore()
  const sweep = setInterval(() => enrolment.sweep(), SWEEP_MS)
  undo.push(() => clearInterval(sweep))

  const socketLane = new SocketLane({ dataplane, wanted: config.lanes.has('socket'), netnsCookie, log })
  const deciding = socketLane.decide().catch((error: unknown) => log.warn(`socket lane: ${messageOf(error)}`))
  undo.push(() => deciding)

  const listeners: { admin?: Listener; metrics?: Listener; unix?: Listener } = {}
  undo.push(() => Promise.all(Object.values(listeners).map((listener) => listener.close())))
  const onFault = (error: unknown): void => logs.get('admin').error(messageOf(error))
  const api = answersOf({
    config,
    dataplane,
    mapUsage,
    pipeline,
    enrolment,
    observation,
    metrics,
    logs,
    lanes: () => [connectLane(dataplane), socketLane.status()],
    waitingFor: () => [...waitingFor],
    listening: () => ({ admin: listeners.admin?.address ?? null, metrics: listeners.metrics?.address ?? null }),
    reload: async (): Promise<Reload> => {
      const before = pipeline.lastReload
      await source.reload()
      const last = pipeline.lastReload
      if (last === undefined) throw new Error('nothing was loaded yet')
      // A folder that says what it said before is not compiled again.
      return last === before ? { ...last, at: new Date().toISOString(), written: 0, deleted: 0 } : last
    },
  })
  if (config.adminAddress !== undefined) listeners.admin = await listenLoopback(api, config.adminAddress, onFault)
  if (config.metricsAddress !== undefined) {
    listeners.metrics = await listenMetrics(() => metrics.text(), config.metricsAddress, onFault)
  }
  listeners.unix = await listenUnix(api, config.socket, onFault)
  log.info(`ready: ${pipeline.mesh.services.size} services, kmeshctl --socket ${config.socket}`)

  return {
    reopenAccessLog: () => observation.reopenAccessLog(),
    close: async () => {
      for (const step of undo.reverse()) await step()
    },
  }
}

function open(config: Config, logs: Logs): Dataplane {
  const cgroupPath = config.pins.cgroup2Path ?? findCgroup2()
  if (cgroupPath === undefined)
    throw new KernelError('path', 'no cgroup2 filesystem is mounted, and no --cgroup2-path given')
  return openDataplane({
    cgroupPath,
    bpfFsPath: config.pins.bpfFsPath,
    mapSizes: Object.fromEntries(config.mapSizes),
    socketLane: config.lanes.has('socket'),
    log: logs.get('kernel'),
  })
}

function openResolvers(config: Config, dataplane: Dataplane, pipeline: Pipeline, logs: Logs): Resolvers {
  const { clusterDomain } = config.node
  return new Resolvers({
    openSocket: (netns, ...socket) => native().socketIn(netns, ...socket),
    space: () => ({ mesh: pipeline.mesh, clusterDomain }),
    onNameServers: nameServerTable(dataplane.store, logs.get('dns')),
  })
}

function limitsOf({ mapSizes }: Config): Limits {
  const sizes = Object.entries(DEFAULT_LIMITS).map(([table, entries]) => [table, mapSizes.get(table) ?? entries])
  return Object.fromEntries(sizes) as Limits
}

function connectLane(dataplane: Dataplane): LaneStatus {
  return { lane: 'connect', state: dataplane.active ? 'on' : 'off', reason: dataplane.active ? '' : 'not attached yet' }
}
