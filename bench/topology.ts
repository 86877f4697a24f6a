/** Two pods, and kmeshd attached to one of two sister cgroups: what runs in the other one meets nothing of ours. */
import { makeLabCgroup } from '../lab/cgroup.ts'
import { Daemon, type DaemonOptions } from '../lab/daemon.ts'
import { Network, type Pod } from '../lab/network.ts'
import type { Where } from '../lab/process.ts'
import type { UndoStack } from '../lab/undo.ts'

export const SERVICE_ADDRESS = '10.96.0.20'
export const SERVICE_PORT = 9080

export interface Topology {
  readonly client: Pod
  readonly server: Pod
  readonly daemon: Daemon
  /** programs run here */
  readonly mesh: (pod: Pod) => Where
  /** and not here */
  readonly direct: (pod: Pod) => Where
}

export async function buildTopology(
  undo: UndoStack,
  endpointPort: number,
  options: Pick<DaemonOptions, 'flags'> = {},
): Promise<Topology> {
  const outer = makeLabCgroup(undo, `kmesh-bench-${process.pid}`)
  const [meshGroup, directGroup] = [makeLabCgroup(undo, 'mesh', outer), makeLabCgroup(undo, 'direct', outer)]
  const network = await Network.create(undo, 'bench')
  const client = await network.addPod('client', 10)
  const server = await network.addPod('server', 11)
  const files = { 'service.yaml': serviceYaml(server.ipv4, endpointPort) }
  const daemon = await Daemon.start(undo, { cgroup: meshGroup, files, ...options })
  await daemon.enroll(client)
  await daemon.enroll(server)
  return {
    client,
    server,
    daemon,
    mesh: (pod) => ({ pod, cgroup: meshGroup }),
    direct: (pod) => ({ pod, cgroup: directGroup }),
  }
}

function serviceYaml(endpoint: string, port: number): string {
  return `
apiVersion: v1
kind: Service
metadata: { name: echo, namespace: default }
spec:
  clusterIP: ${SERVICE_ADDRESS}
  ports: [{ name: tcp, port: ${SERVICE_PORT}, targetPort: ${port} }]
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: { name: echo-1, namespace: default, labels: { kubernetes.io/service-name: echo } }
addressType: IPv4
ports: [{ name: tcp, port: ${port}, protocol: TCP }]
endpoints: [{ addresses: [${endpoint}], conditions: { ready: true } }]
`
}
