/** A mesh for the tests: pods in a network of their own, a real kmeshd, and words for its configuration. */
import type { Test } from 'tap'
import { makeLabCgroup } from '../../lab/cgroup.ts'
import { Daemon, type DaemonOptions } from '../../lab/daemon.ts'
import { Network, type Pod } from '../../lab/network.ts'
import type { Where } from '../../lab/process.ts'
import { UndoStack } from '../../lab/undo.ts'

export const needsRoot = { skip: process.getuid?.() === 0 ? false : 'needs root' } as const

export const TIME_SCALE = Number(process.env['KMESH_TIME_SCALE'] ?? 1)

export interface TestMesh {
  readonly undo: UndoStack
  readonly daemon: Daemon
  readonly client: Pod
  readonly servers: readonly Pod[]
  readonly cgroup: string
  /** a member: enrolled, and below the programs */
  readonly member: (pod: Pod) => Where
}

/** Everything it makes is gone when the test ends, also when it failed. */
export async function startMesh(
  t: Test,
  what: string,
  servers: number,
  files: (servers: readonly Pod[]) => Readonly<Record<string, string>>,
  options: Pick<DaemonOptions, 'flags' | 'environment'> = {},
): Promise<TestMesh> {
  const undo = new UndoStack()
  t.teardown(async () => {
    for (const line of await undo.run()) t.fail(`left behind: ${line}`)
  })
  const cgroup = makeLabCgroup(undo, `kmesh-test-${what}-${process.pid}`)
  const network = await Network.create(undo, what)
  const client = await network.addPod('client', 2)
  const pods: Pod[] = []
  for (let i = 0; i < servers; i++) pods.push(await network.addPod(`server${i}`, 11 + i))
  const daemon = await Daemon.start(undo, { cgroup, files: files(pods), ...options })
  await daemon.enroll(client)
  return { undo, daemon, client, servers: pods, cgroup, member: (pod) => ({ pod, cgroup }) }
}

export interface ServiceSpec {
  readonly name: string
  readonly addresses: readonly string[]
  readonly port: number
  readonly targetPort: number
  /** further lines of the spec */
  readonly spec?: string
}

/** Named `tcp` and `udp`: the same port for both. */
export function serviceYaml({ name, addresses, port, targetPort, spec = '' }: ServiceSpec): string {
  const families = addresses.map((address) => (address.includes(':') ? 'IPv6' : 'IPv4'))
  return `
apiVersion: v1
kind: Service
metadata: { name: ${name}, namespace: default }
spec:
  clusterIP: ${JSON.stringify(addresses[0])}
  clusterIPs: ${JSON.stringify(addresses)}
  ipFamilies: ${JSON.stringify(families)}
  ports:
    - { name: tcp, port: ${port}, targetPort: ${targetPort}, protocol: TCP }
    - { name: udp, port: ${port}, targetPort: ${targetPort}, protocol: UDP }
${spec}
---
`
}

export interface EndpointSpec {
  readonly address: string
  readonly version?: string
  readonly ready?: boolean
}

/** One slice per address family; with versions also the pods, so that subsets find their labels. */
export function endpointsYaml(service: string, targetPort: number, endpoints: readonly EndpointSpec[]): string {
  const families = ['IPv4', 'IPv6'] as const
  const slices = families.flatMap((family) => {
    const own = endpoints.filter(({ address }) => address.includes(':') === (family === 'IPv6'))
    const lines = own.map(({ address, version, ready = true }) => {
      const target =
        version === undefined ? '' : `, targetRef: { kind: Pod, namespace: default, name: ${service}-${version} }`
      return `  - { addresses: ["${address}"], conditions: { ready: ${ready} }${target} }\n`
    })
    return [
      `
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: { name: ${service}-${family.toLowerCase()}, namespace: default, labels: { kubernetes.io/service-name: ${service} } }
addressType: ${family}
ports:
  - { name: tcp, port: ${targetPort}, protocol: TCP }
  - { name: udp, port: ${targetPort}, protocol: UDP }
endpoints:${own.length === 0 ? ' []\n' : `\n${lines.join('')}`}---
`,
    ]
  })
  return slices.join('')
}

/** A pod with a version label, at one or both addresses. */
export function podYaml(service: string, version: string, addresses: readonly string[]): string {
  return `
apiVersion: v1
kind: Pod
metadata: { name: ${service}-${version}, namespace: default, labels: { app: ${service}, version: ${version} } }
spec: { containers: [] }
status: { podIP: "${addresses[0]}", podIPs: [${addresses.map((ip) => `{ ip: "${ip}" }`).join(', ')}] }
---
`
}

/** Splits a service by version. */
export function splitYaml(service: string, shares: Readonly<Record<string, number>>): string {
  const versions = Object.keys(shares)
  const subsets = versions.map((version) => `    - { name: ${version}, labels: { version: ${version} } }\n`)
  const routes = versions.map(
    (version) => `        - { destination: { host: ${service}, subset: ${version} }, weight: ${shares[version]} }\n`,
  )
  return `
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: ${service}, namespace: default }
spec:
  host: ${service}
  subsets:
${subsets.join('')}---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: ${service}, namespace: default }
spec:
  hosts: [${service}]
  tcp:
    - route:
${routes.join('')}---
`
}
