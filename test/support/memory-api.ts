/** An AdminApi that keeps everything in memory: the real admin server and the real kmeshctl are tested on it. */
import {
  type AdminApi,
  type Connections,
  type Dump,
  type DumpSection,
  type EnrollRequest,
  type LoggerLevel,
  type MapUsage,
  type MemberStatus,
  type MemberTarget,
  type Monitoring,
  type NameTarget,
  Refusal,
  type Reload,
  type Status,
} from '../../controller/admin/api.ts'
import type { Problem } from '../../controller/model/problem.ts'

export const MAPS: readonly MapUsage[] = [
  { name: 'members', entries: 2, maxEntries: 8192, bytes: 131_456 },
  { name: 'slots', entries: 262_144, maxEntries: 262_144, bytes: 44_040_192 },
  { name: 'services', entries: 12, maxEntries: 32768, bytes: 1_048_576 },
  { name: 'events', entries: null, maxEntries: 1_048_576, bytes: 1_052_672 },
]

export const RELOAD: Reload = {
  at: '2026-01-02T03:04:05.678Z',
  ok: true,
  error: '',
  durationMs: 3.25,
  files: 4,
  written: 12,
  deleted: 3,
}

export const PROBLEMS: readonly Problem[] = [
  {
    severity: 'error',
    resource: 'VirtualService default/reviews',
    field: 'spec.http[0].match',
    message: 'headers need the packet lane',
    place: { file: 'mesh/reviews.yaml', line: 12 },
  },
  {
    severity: 'warning',
    resource: 'VirtualService default/reviews',
    field: 'spec.gateways',
    message: 'only "mesh" is looked at',
    place: { file: 'mesh/reviews.yaml', line: 12 },
  },
  { severity: 'error', resource: '', field: '', message: 'not YAML', place: { file: 'mesh/broken.yaml', line: 3 } },
]

const CONNECTIONS: Connections = {
  connections: [
    {
      protocol: 'TCP',
      direction: 'outbound',
      source: { address: '10.0.0.1:40000', workload: 'default/sleep' },
      destination: { address: '10.0.0.2:9080', workload: 'default/reviews-v1' },
      asked: '10.96.0.10:9080',
      service: 'default/reviews',
      verdict: 'routed',
      state: 'ESTABLISHED',
      sentBytes: 1536,
      receivedBytes: 5_000_000_000,
      startedAt: '2026-01-02T03:04:05.000Z',
    },
    {
      protocol: 'TCP',
      direction: 'inbound',
      source: { address: '[fd00::1]:40001', workload: null },
      destination: { address: '[fd00::2]:9080', workload: 'default/reviews-v1' },
      asked: null,
      service: null,
      verdict: 'accepted',
      state: 'CLOSE_WAIT',
      sentBytes: 0,
      receivedBytes: 12,
      startedAt: '2026-01-02T03:04:06.000Z',
    },
  ],
  omitted: 0,
}

const DUMP_TEXT: Readonly<Record<DumpSection, string>> = {
  services: 'services  default/reviews:9080/TCP  random\n',
  frontends: 'frontends  10.96.0.10:9080/TCP\n',
  slots: 'slots  10.0.0.2:9080\n',
  workloads: 'workloads  10.0.0.2  default/reviews-v1\n',
  members: 'members  cgroup 77\n',
  all: 'services  default/reviews:9080/TCP  random\nmembers  cgroup 77\n',
}

interface State {
  readonly ready: boolean
  readonly problemList: readonly Problem[]
  readonly reloadResult: Reload
  /** what version() and status() throw, as a bug would */
  /** where its programs would be attached */
  readonly cgroup2: string
  readonly fault: Error | undefined
}

export class MemoryApi implements AdminApi {
  #state: State = {
    ready: true,
    problemList: PROBLEMS,
    reloadResult: RELOAD,
    cgroup2: '/sys/fs/cgroup',
    fault: undefined,
  }
  readonly #loggers = new Map([
    ['default', 'info'],
    ['kernel', 'info'],
  ])
  #monitoring: Monitoring = { monitoring: true, accessLog: false }
  readonly #members = new Map<string, MemberStatus>()

  set(change: Partial<State>): void {
    this.#state = { ...this.#state, ...change }
  }

  async version() {
    this.#check()
    return { gitVersion: 'v1.2.3', gitCommit: '0123456789abcdef', nodeVersion: 'v20.0.0', platform: 'linux/amd64' }
  }

  async readiness() {
    return { ready: this.#state.ready, waitingFor: this.#state.ready ? [] : ['the first configuration'] }
  }

  async status(): Promise<Status> {
    this.#check()
    return {
      ...(await this.readiness()),
      version: 'v1.2.3-0123456',
      pid: 4711,
      startedAt: '2026-01-02T03:00:00.000Z',
      mode: 'standalone',
      node: { name: 'worker-1', kernel: '6.1.0-56-cloud-amd64' },
      paths: {
        config: '/etc/kmesh',
        cgroup2: this.#state.cgroup2,
        pins: '/sys/fs/bpf/kmesh',
        socket: '/run/kmesh/a.sock',
      },
      listening: { admin: '127.0.0.1:15200', metrics: '[::]:15020' },
      mesh: { services: 1, endpoints: 1234, workloads: 40 },
      lastReload: this.#state.reloadResult,
      problems: { errors: 2, warnings: 1 },
      members: { netns: 1, cgroup: this.#members.size, bypassed: 0 },
      lanes: [
        { lane: 'connect', state: 'on', reason: '' },
        { lane: 'socket', state: 'off', reason: 'the self-test lost bytes' },
      ],
      maps: MAPS,
      monitoring: this.#monitoring,
      kernelProblems: [{ severity: 'warning', about: 'connect4', message: 'program 12 (other) is on the same hook' }],
    }
  }

  async *dumpText(section: DumpSection) {
    for (const line of DUMP_TEXT[section].split(/(?<=\n)/)) yield line
  }

  async dump(section: DumpSection): Promise<Dump> {
    return section === 'members'
      ? { members: [...this.#members.values()] }
      : { services: [{ name: 'default/reviews' }] }
  }

  async problems() {
    return this.#state.problemList
  }

  async maps() {
    return MAPS
  }

  async connections(limit: number): Promise<Connections> {
    const { connections } = CONNECTIONS
    return { connections: connections.slice(0, limit), omitted: Math.max(0, connections.length - limit) }
  }

  async members() {
    return [...this.#members.values()]
  }

  async enroll({ target, name, namespace, workload }: EnrollRequest) {
    const key = JSON.stringify(target)
    if (this.#members.has(key)) throw new Refusal('conflict', `${key} is a member already`)
    const member = {
      kind: 'netns' in target ? 'netns' : 'cgroup',
      id: '77',
      name: name ?? '',
      path: 'pid' in target ? null : 'cgroup' in target ? target.cgroup : target.netns,
      namespace: namespace ?? 'default',
      workload: workload ?? null,
      bypass: false,
      dns: true,
      socketLane: true,
      covered: true,
    } as const
    this.#members.set(key, member)
    return member
  }

  async leave(target: MemberTarget) {
    const key = JSON.stringify(target)
    const member = this.#members.get(key)
    if (member === undefined) throw new Refusal('not-found', `${key} is not a member`)
    this.#members.delete(key)
    return member
  }

  async bypass(target: MemberTarget | NameTarget, on: boolean) {
    const found = [...this.#members].filter(([key, member]) => {
      return 'name' in target ? member.workload === target.name : key === JSON.stringify(target)
    })
    if (found.length === 0) throw new Refusal('not-found', 'no such member')
    for (const [key, member] of found) this.#members.set(key, { ...member, bypass: on })
    return found.map(([key]) => this.#members.get(key)).filter((member) => member !== undefined)
  }

  async reload() {
    return this.#state.reloadResult
  }

  async loggers(): Promise<LoggerLevel[]> {
    return [...this.#loggers].map(([name, level]) => ({ name, level }))
  }

  async setLogger({ name, level }: LoggerLevel) {
    if (!this.#loggers.has(name)) throw new Refusal('not-found', `no logger ${name}`)
    this.#loggers.set(name, level)
  }

  async monitoring() {
    return this.#monitoring
  }

  async setMonitoring(wanted: Partial<Monitoring>) {
    this.#monitoring = { ...this.#monitoring, ...wanted }
    return this.#monitoring
  }

  async metrics() {
    return { contentType: 'text/plain; version=0.0.4', text: 'kmesh_up 1\n' }
  }

  #check() {
    if (this.#state.fault !== undefined) throw this.#state.fault
  }
}
