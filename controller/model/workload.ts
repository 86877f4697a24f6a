/** One instance that may send or receive: a pod, a virtual machine, an enrolled cgroup. */
import type { Locality } from './locality.ts'

export interface Workload {
  /** unique for its life: `Kubernetes//Pod/default/reviews-v1-abc`, in the manner of istio.workload.Workload.uid */
  readonly uid: string
  readonly name: string
  readonly namespace: string
  readonly addresses: readonly string[]
  readonly serviceAccount: string
  readonly labels: Readonly<Record<string, string>>
  readonly node: string
  readonly locality: Locality
  /** istio's canonical service name and revision, from labels */
  readonly canonicalName: string
  readonly canonicalRevision: string
  /** owner: `deployment`, `pod`, ... and its name, for metric labels */
  readonly workloadType: string
  readonly workloadName: string
  /** shares the node's network: its address says nothing about it */
  readonly hostNetwork: boolean
}
