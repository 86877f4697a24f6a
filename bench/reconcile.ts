/**
 * `node dist/bench/reconcile.js [CHANGES]`: what one push costs the pure half (compiler and reconciler, without the
 * kernel's share) in a large mesh. Prints; asserts nothing.
 */
import { type Compiled, compile } from '../controller/compiler/compile.ts'
import { DEFAULT_LIMITS } from '../controller/compiler/limits.ts'
import { tablesOf } from '../controller/compiler/tables.ts'
import type { Mesh } from '../controller/model/mesh.ts'
import type { Endpoint, Service } from '../controller/model/service.ts'
import type { Workload } from '../controller/model/workload.ts'
import { createReconciler } from '../controller/reconcile/reconciler.ts'
import type { MapStore } from '../controller/reconcile/store.ts'

const SERVICES = 10_000
const ENDPOINTS = 10
const CHANGES = Number(process.argv[2] ?? 300)
const NOWHERE = { region: '', zone: '', subzone: '' }

function endpointOf(service: number, n: number): Endpoint {
  return {
    address: `10.${service >> 8}.${service & 255}.${n}`,
    workload: uidOf(service, n),
    ports: new Map([['http', 8080]]),
    ready: true,
    serving: true,
    terminating: false,
    node: `node-${n}`,
    locality: NOWHERE,
    hintZones: [],
    hintNodes: [],
    weight: 1,
    labels: { app: `s${service}` },
  }
}

function uidOf(service: number, n: number): string {
  return `Kubernetes//Pod/ns-${service % 100}/s${service}-7d9c5b7f4-${n}`
}

function serviceOf(i: number, endpoints: readonly Endpoint[]): Service {
  return {
    resource: `Service ns-${i % 100}/s${i}`,
    namespace: `ns-${i % 100}`,
    name: `s${i}`,
    hostname: `s${i}.ns-${i % 100}.svc.cluster.local`,
    addresses: [{ scope: 'cluster', address: `10.${96 + (i >> 16)}.${(i >> 8) & 255}.${i & 255}` }],
    headless: false,
    ports: [{ name: 'http', port: 80, protocol: 'TCP', appProtocol: 'http' }],
    endpoints,
    internalTrafficPolicy: 'Cluster',
    externalTrafficPolicy: 'Cluster',
    publishNotReadyAddresses: false,
    socketLane: true,
  }
}

function workloadOf(service: number, n: number): Workload {
  const name = `s${service}-7d9c5b7f4-${n}`
  return {
    uid: uidOf(service, n),
    name,
    namespace: `ns-${service % 100}`,
    addresses: [endpointOf(service, n).address],
    serviceAccount: 'default',
    labels: {},
    node: `node-${n}`,
    locality: NOWHERE,
    canonicalName: `s${service}`,
    canonicalRevision: 'latest',
    workloadType: 'deployment',
    workloadName: `s${service}`,
    hostNetwork: false,
  }
}

/** Of this process: on a machine that others use too, the clock on the wall says little. */
function cpuMs(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

function timed<T>(about: string, run: () => T): T {
  const [wall, cpu] = [performance.now(), cpuMs()]
  const result = run()
  console.log(
    `${about.padEnd(20)} ${(performance.now() - wall).toFixed(0)} ms, ${(cpuMs() - cpu).toFixed(0)} ms of CPU`,
  )
  return result
}

const services = new Map<string, Service>()
const workloads = new Map<string, Workload>()
for (let i = 0; i < SERVICES; i++) {
  const endpoints = Array.from({ length: ENDPOINTS }, (_, n) => endpointOf(i, n))
  const service = serviceOf(i, endpoints)
  services.set(`${service.namespace}/${service.hostname}`, service)
  for (let n = 0; n < ENDPOINTS; n++) workloads.set(uidOf(i, n), workloadOf(i, n))
}
let mesh: Mesh = { services, workloads, destinations: [], routes: [], nodes: new Map() }
const view = { name: 'node-1', locality: NOWHERE }
let written = 0
const store: MapStore = {
  update: (_, { count }) => {
    written += count
  },
  delete: () => {},
  dump: () => ({ count: 0, keys: new Uint8Array(0), values: new Uint8Array(0) }),
}
const options = { store, now: () => performance.now(), schedule: () => () => {}, graceMs: 1000 }
const reconciler = createReconciler(options)

console.log(`${(process.memoryUsage().rss / 2 ** 20).toFixed(0)} MB with the mesh alone`)
console.log(`${SERVICES} services, ${SERVICES * ENDPOINTS} endpoints and workloads`)
let compiled: Compiled = timed('compile all', () => compile(mesh, view, DEFAULT_LIMITS))
timed('apply all', () => reconciler.apply(compiled))

const times: Record<'compile' | 'apply', number[]> = { compile: [], apply: [] }
const cpu = { compile: 0, apply: 0 }
for (let change = 0; change < CHANGES; change++) {
  const i = (change * 7919) % SERVICES
  const gone = change % ENDPOINTS
  const now = serviceOf(i, Array.from({ length: ENDPOINTS }, (_, n) => endpointOf(i, n)).toSpliced(gone, 1))
  const nextWorkloads = new Map(mesh.workloads)
  nextWorkloads.delete(uidOf(i, gone))
  mesh = {
    ...mesh,
    services: new Map(mesh.services).set(`${now.namespace}/${now.hostname}`, now),
    workloads: nextWorkloads,
  }
  measured('compile', () => {
    compiled = compile(mesh, view, DEFAULT_LIMITS, compiled)
  })
  measured('apply', () => reconciler.apply(compiled))
}

function measured(part: 'compile' | 'apply', run: () => void): void {
  const [wall, before] = [performance.now(), cpuMs()]
  run()
  times[part].push(performance.now() - wall)
  cpu[part] += cpuMs() - before
}

for (const part of ['compile', 'apply'] as const) {
  const sorted = times[part].sort((x, y) => x - y)
  const at = (share: number) => (sorted[Math.floor(sorted.length * share)] ?? 0).toFixed(2)
  const mean = (cpu[part] / CHANGES).toFixed(2)
  console.log(`one pod gone: ${part.padEnd(8)} median ${at(0.5)} ms, p99 ${at(0.99)} ms, ${mean} ms of CPU`)
}
const tables = new Map<string, ReturnType<MapStore['dump']>>(tablesOf(compiled.fragments))
const next = createReconciler({
  ...options,
  store: { ...store, dump: (table) => tables.get(table) ?? store.dump(table) },
})
const before = written
timed('a restart: adopt', () => next.adopt())
timed('and apply', () => next.apply(compiled))
console.log(`entries written: ${before}, after the restart ${written - before}`)
console.log(`memory: ${(process.memoryUsage().rss / 2 ** 20).toFixed(0)} MB`)
