/** The demo: real traffic from a client to two versions of a service, routed in the kernel and, beside it, without us. */
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { makeLabCgroup } from '../../lab/cgroup.ts'
import { Daemon, PROJECT } from '../../lab/daemon.ts'
import { LAB_IPV4, Network, type Pod } from '../../lab/network.ts'
import { finish, start, type Where, waitForLine } from '../../lab/process.ts'
import type { UndoStack } from '../../lab/undo.ts'
import type { Measured } from './client.ts'
import { type DemoConfig, readDemoConfig } from './demo-config.ts'
import { judge, reportJson, reportLines, requestsOf, type Seen } from './report.ts'

const REQUESTS = 4000
const CONCURRENCY = 4
const CLIENT_HOST = 2

export interface DemoOptions {
  readonly once: boolean
  readonly json: boolean
  readonly signal: AbortSignal
  /** one line of progress */
  readonly tell: (line: string) => void
}

/** @returns the exit status @throws when the demo cannot even start */
export async function runDemo(undo: UndoStack, { once, json, signal, tell }: DemoOptions): Promise<number> {
  const config = readDemoConfig(join(PROJECT, 'examples'))
  const { pods, service } = config
  tell(`making network namespaces for a client and ${pods.map(({ name }) => name).join(', ')}`)
  const network = await Network.create(undo, 'start')
  const client = await network.addPod('client', CLIENT_HOST)
  for (const { name, address, version } of pods) {
    const pod = await network.addPod(name, Number(address.replace(LAB_IPV4, '')))
    await startServer(undo, { pod }, address, service.targetPort, version)
  }
  tell('starting kmeshd: programs into the kernel, examples/ into its maps')
  const cgroup = makeLabCgroup(undo, `kmesh-start-${process.pid}`)
  const daemon = await Daemon.start(undo, { cgroup, files: config.files, flags: ['--lanes', 'connect'] })
  await daemon.enroll(client)

  let seen = await compare(undo, config, daemon, client, cgroup, tell)
  const verdict = judge(seen)
  for (const line of reportLines(seen)) tell(line)
  for (const complaint of verdict.complaints) tell(`not as it should be: ${complaint}`)
  if (!once) {
    tell(`traffic goes on until Ctrl-C; look at it: ./bin/kmeshctl status --socket ${daemon.socket}`)
    while (!signal.aborted) {
      await sleep(1000, undefined, { signal }).catch(() => undefined)
      if (!signal.aborted) seen = await goOn(undo, config, client, cgroup, seen, tell)
    }
  }
  if (json) process.stdout.write(`${reportJson(seen, verdict)}\n`)
  return verdict.ok ? 0 : 1
}

async function startServer(
  undo: UndoStack,
  where: Where,
  address: string,
  port: number,
  version: string,
): Promise<void> {
  const server = start(undo, where, [process.execPath, script('server.js'), address, String(port), version])
  await waitForLine(server, /^ready$/)
}

async function compare(
  undo: UndoStack,
  { pods, service, shares }: DemoConfig,
  daemon: Daemon,
  client: Pod,
  cgroup: string,
  tell: (line: string) => void,
): Promise<Seen> {
  tell(`${REQUESTS} requests, each on a connection of its own, straight to the pods`)
  const straight = pods.map(({ address }) => `http://${address}:${service.targetPort}/`)
  const direct = await measure(undo, { pod: client }, REQUESTS, straight)
  tell(`${REQUESTS} requests to http://${service.host}:${service.port}/ (${service.address}), routed in connect(2)`)
  const before = await readLanes(daemon)
  const mesh = await measure(undo, { pod: client, cgroup }, REQUESTS, [`http://${service.address}:${service.port}/`])
  const after = await readLanes(daemon)
  const lanes = Object.fromEntries([...after].map(([lane, count]) => [lane, count - (before.get(lane) ?? 0)]))
  return { mesh, direct, lanes, shares }
}

/** One more batch through the service, added to what was seen. */
async function goOn(
  undo: UndoStack,
  { service }: DemoConfig,
  client: Pod,
  cgroup: string,
  seen: Seen,
  tell: (line: string) => void,
): Promise<Seen> {
  const more = await measure(undo, { pod: client, cgroup }, 500, [`http://${service.address}:${service.port}/`])
  const versions = { ...seen.mesh.versions }
  for (const [version, count] of Object.entries(more.versions)) versions[version] = (versions[version] ?? 0) + count
  const mesh = { ...more, versions, failed: seen.mesh.failed + more.failed }
  const shares = Object.entries(versions).map(([version, count]) => `${version} ${count}`)
  tell(`${requestsOf(mesh)} requests: ${shares.sort().join(', ')}, failed ${mesh.failed}`)
  return { ...seen, mesh, lanes: { ...seen.lanes, connect: (seen.lanes['connect'] ?? 0) + requestsOf(more) } }
}

async function measure(undo: UndoStack, where: Where, count: number, urls: readonly string[]): Promise<Measured> {
  const arguments_ = [String(count), String(CONCURRENCY), ...urls]
  const { output, status } = await finish(start(undo, where, [process.execPath, script('client.js'), ...arguments_]))
  if (status !== 0) throw new Error(`the client ended with status ${status}`)
  return JSON.parse(output) as Measured
}

/** Connections by lane, as the kernel counts them. */
async function readLanes(daemon: Daemon): Promise<Map<string, number>> {
  const lanes = new Map<string, number>()
  for (const [, lane = '', count] of (await daemon.metrics()).matchAll(
    /^kmesh_lane_total\{lane="(\w+)".*\} (\d+)$/gm,
  )) {
    lanes.set(lane, (lanes.get(lane) ?? 0) + Number(count))
  }
  return lanes
}

const script = (name: string): string => join(import.meta.dirname, name)
