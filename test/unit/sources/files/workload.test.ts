import t from 'tap'
import { istio, load, pod } from './support.ts'

const READY = 'podIP: 10.1.0.1'
const owner = (kind: string, name: string): string =>
  `ownerReferences: [{kind: ${kind}, name: ${name}, controller: true}]`

t.test('a pod is a workload', async (t) => {
  const { mesh } = load(
    pod('reviews-v1-7d4-abc', {
      labels: '{app: reviews, version: v1, pod-template-hash: 7d4}',
      metadata: owner('ReplicaSet', 'reviews-v1-7d4'),
      spec: 'nodeName: n1, serviceAccountName: reviewer',
      status: 'podIP: 10.1.0.1, podIPs: [{ip: 10.1.0.1}, {ip: "FD00:0::1"}]',
    }),
  )
  t.same(
    [...mesh.workloads.values()],
    [
      {
        uid: 'Kubernetes//Pod/default/reviews-v1-7d4-abc',
        name: 'reviews-v1-7d4-abc',
        namespace: 'default',
        addresses: ['10.1.0.1', 'fd00::1'],
        serviceAccount: 'reviewer',
        labels: { app: 'reviews', version: 'v1', 'pod-template-hash': '7d4' },
        node: 'n1',
        locality: { region: '', zone: '', subzone: '' },
        canonicalName: 'reviews',
        canonicalRevision: 'v1',
        workloadType: 'deployment',
        workloadName: 'reviews-v1',
        hostNetwork: false,
      },
    ],
  )
})

t.test('what a pod was made from', async (t) => {
  const table: [metadata: string, labels: string, type: string, name: string][] = [
    ['', '{}', 'pod', 'p'],
    [owner('StatefulSet', 'db'), '{}', 'statefulset', 'db'],
    [owner('DaemonSet', 'agent'), '{}', 'daemonset', 'agent'],
    [owner('ReplicaSet', 'bare'), '{}', 'replicaset', 'bare'],
    [owner('ReplicaSet', 'web-5f'), '{pod-template-hash: 5f}', 'deployment', 'web'],
    [owner('Job', 'once'), '{}', 'job', 'once'],
    [owner('Job', 'nightly-28000000'), '{}', 'cronjob', 'nightly'],
    ['ownerReferences: [{kind: Node, name: n}]', '{}', 'pod', 'p'],
  ]
  for (const [metadata, labels, workloadType, workloadName] of table) {
    const { mesh } = load(pod('p', { metadata, labels, status: READY }))
    t.match([...mesh.workloads.values()], [{ workloadType, workloadName }], `${metadata} ${labels}`)
  }
})

t.test('canonical names are the first label that is there, else the owner', async (t) => {
  const table: [labels: string, name: string, revision: string][] = [
    ['{}', 'p', 'latest'],
    ['{app: a, version: v2}', 'a', 'v2'],
    ['{app: a, app.kubernetes.io/name: b, app.kubernetes.io/version: "3"}', 'b', '3'],
    [
      '{app.kubernetes.io/name: b, service.istio.io/canonical-name: c, service.istio.io/canonical-revision: r}',
      'c',
      'r',
    ],
  ]
  for (const [labels, canonicalName, canonicalRevision] of table) {
    const { mesh } = load(pod('p', { labels, status: READY }))
    t.match([...mesh.workloads.values()], [{ canonicalName, canonicalRevision }], labels)
  }
})

t.test('pods that have ended, or have no address yet, are no workloads', async (t) => {
  const { mesh, problems } = load(
    pod('a', { status: `${READY}, phase: Failed` }),
    pod('b', { status: 'phase: Pending' }),
    pod('c', { status: '' }),
  )
  t.same([...mesh.workloads.keys()], [])
  t.same(problems, [])
})

t.test('a WorkloadEntry is a workload', async (t) => {
  const { mesh, problems } = load(
    istio('WorkloadEntry', 'vm-1', 'address: 10.3.0.1\nserviceAccount: vm\nlocality: r/z\nlabels: {app: db}'),
    istio('WorkloadEntry', 'far', 'address: far.example.org'),
  )
  t.same(problems, [])
  t.match(
    [...mesh.workloads.values()],
    [
      {
        uid: 'Kubernetes/networking.istio.io/WorkloadEntry/default/vm-1',
        addresses: ['10.3.0.1'],
        serviceAccount: 'vm',
        locality: { region: 'r', zone: 'z', subzone: '' },
        canonicalName: 'db',
        workloadType: 'workloadentry',
        workloadName: 'vm-1',
      },
    ],
  )
})

t.test('faulty pods are reported by field', async (t) => {
  const { problems } = load(
    pod('a', {
      labels: '{app: 1}',
      spec: 'hostNetwork: "yes", containers: [{ports: [{name: x, containerPort: 0}]}]',
      status: 'podIP: here',
    }),
  )
  t.same(problems, [
    'error Pod default/a metadata.labels.app: is 1, must be a string',
    'error Pod default/a status.podIP: "here" is no IP address',
    'error Pod default/a spec.hostNetwork: is the string "yes", must be true or false',
    'error Pod default/a spec.containers[0].ports[0].containerPort: is 0, must be 1 to 65535',
  ])
})
