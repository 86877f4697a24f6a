import t from 'tap'
import type { Endpoint } from '../../../../controller/model/service.ts'
import { istio, load, pod, reviewsOf, service, slice } from './support.ts'

const SERVICE = service(
  'reviews',
  'clusterIP: 10.96.0.20\nselector: {app: reviews}\nports: [{name: http, port: 9080, targetPort: 8080}]',
)
const NODE = `
apiVersion: v1
kind: Node
metadata: {name: n1, labels: {topology.kubernetes.io/region: r1, topology.kubernetes.io/zone: z1, topology.istio.io/subzone: s1}}
status: {addresses: [{type: InternalIP, address: 192.0.2.1}, {type: ExternalIP, address: "2001:db8::1"}, {type: Hostname, address: n1}]}`

const endpointsOf = (...documents: string[]): readonly Endpoint[] => reviewsOf(load(...documents)).endpoints

t.test('an endpoint of a slice, as far as the slice tells', async (t) => {
  const text = slice(
    'reviews-1',
    'reviews',
    `- addresses: [10.1.0.1]
  hostname: reviews-0
  nodeName: n9
  zone: z9
  hints: {forZones: [{name: z1}, {name: z2}], forNodes: [{name: n1}]}
  targetRef: {kind: Pod, name: reviews-0}`,
  )
  t.same(endpointsOf(SERVICE, text), [
    {
      address: '10.1.0.1',
      hostname: 'reviews-0',
      ports: new Map([['http', 8080]]),
      ready: true,
      serving: true,
      terminating: false,
      node: 'n9',
      locality: { region: '', zone: 'z9', subzone: '' },
      hintZones: ['z1', 'z2'],
      hintNodes: ['n1'],
      weight: 1,
      labels: {},
    },
  ])
})

t.test('conditions: unknown readiness is readiness, and unknown serving is that', async (t) => {
  const table: [conditions: string, ready: boolean, serving: boolean, terminating: boolean][] = [
    ['{}', true, true, false],
    ['{ready: null}', true, true, false],
    ['{ready: false}', false, false, false],
    ['{ready: false, serving: true, terminating: true}', false, true, true],
  ]
  for (const [conditions, ready, serving, terminating] of table) {
    const [endpoint] = endpointsOf(
      SERVICE,
      slice('s', 'reviews', `- {addresses: [10.1.0.1], conditions: ${conditions}}`),
    )
    t.match(endpoint, { ready, serving, terminating }, conditions)
  }
})

t.test('pods and nodes complete what the slice does not tell', async (t) => {
  const reviews = pod('reviews-0', {
    labels: '{app: reviews, version: v1}',
    spec: 'nodeName: n1',
    status: 'podIP: 10.1.0.1',
  })
  const byName = slice('s', 'reviews', '- {addresses: [10.1.0.1], targetRef: {kind: Pod, name: reviews-0}}')
  const byAddress = slice('s', 'reviews', '- {addresses: [10.1.0.1]}')
  for (const text of [byName, byAddress]) {
    t.match(endpointsOf(SERVICE, NODE, reviews, text), [
      {
        workload: 'Kubernetes//Pod/default/reviews-0',
        labels: { app: 'reviews', version: 'v1' },
        node: 'n1',
        locality: { region: 'r1', zone: 'z1', subzone: 's1' },
      },
    ])
  }
})

t.test('the address of a pod on the host network says nothing about the pod', async (t) => {
  const agent = pod('agent', { spec: 'hostNetwork: true', status: 'podIP: 10.1.0.1' })
  const [endpoint] = endpointsOf(SERVICE, agent, slice('s', 'reviews', '- {addresses: [10.1.0.1]}'))
  t.equal(endpoint?.workload, undefined)
})

t.test('endpoints of both families, each from a slice of its own', async (t) => {
  const four = slice('a', 'reviews', '- {addresses: [10.1.0.1]}')
  const six = slice('b', 'reviews', '- {addresses: ["fd00:0::1"]}')
  t.same(
    endpointsOf(SERVICE, four, six).map(({ address }) => address),
    ['10.1.0.1', 'fd00::1'],
  )
})

t.test('an address that two slices list is one endpoint, with the ports of both', async (t) => {
  const twice = [
    slice('a', 'reviews', '- {addresses: [10.1.0.1]}\n- {addresses: [10.1.0.2]}'),
    slice('b', 'reviews', '- {addresses: [10.1.0.2]}\n- {addresses: [10.1.0.3]}'),
    slice('c', 'reviews', '- {addresses: [10.1.0.2]}', '[{name: http, port: 8080}, {name: admin, port: 9090}]'),
  ]
  const ports = endpointsOf(SERVICE, ...twice).map(({ address, ports }) => [address, [...ports]])
  t.same(ports, [
    ['10.1.0.1', [['http', 8080]]],
    ['10.1.0.2', [['http', 8080]]],
    ['10.1.0.3', [['http', 8080]]],
    ['10.1.0.2', [['admin', 9090]]],
  ])
})

const SLICES: Readonly<Record<string, [text: string, problem: string]>> = {
  'an address of the other family': [
    slice('s', 'reviews', '- {addresses: [10.1.0.1]}').replace('IPv4', 'IPv6'),
    "error EndpointSlice default/s endpoints[0].addresses[0]: 10.1.0.1 is no address of the slice's addressType",
  ],
  'endpoints that have names only': [
    slice('s', 'reviews', '- {addresses: [x.example.org]}').replace('IPv4', 'FQDN'),
    'error EndpointSlice default/s addressType: FQDN: endpoints without an IP address are left out',
  ],
  'an endpoint without an address': [
    slice('s', 'reviews', '- {addresses: []}'),
    'error EndpointSlice default/s endpoints[0].addresses: is empty',
  ],
  'a slice of no service': [
    slice('s', 'reviews', '- {addresses: [10.1.0.1]}').replace('kubernetes.io/service-name', 'other'),
    'warning EndpointSlice default/s metadata.labels: has no kubernetes.io/service-name: these are endpoints of no service',
  ],
  'a slice of a service that is not here': [
    slice('s', 'ratings', '- {addresses: [10.1.0.1]}'),
    'warning EndpointSlice default/s metadata.labels: there is no service default/ratings: these endpoints are not used',
  ],
  'a port without a number': [
    slice('s', 'reviews', '- {addresses: [10.1.0.1]}', '[{name: http}]'),
    'error EndpointSlice default/s ports[0]: has no port number ("all ports"): it is left out',
  ],
}

for (const [behaviour, [text, problem]] of Object.entries(SLICES)) {
  t.test(`reported: ${behaviour}`, async (t) => t.same(load(SERVICE, text).problems, [problem]))
}

const LEGACY = `
apiVersion: v1
kind: Endpoints
metadata: {name: reviews, namespace: default}
subsets:
- addresses: [{ip: 10.2.0.1, nodeName: n1, targetRef: {kind: Pod, name: p}}]
  notReadyAddresses: [{ip: 10.2.0.2}]
  ports: [{name: http, port: 8081}]
- addresses: [{ip: 10.2.0.3}]
  ports: [{name: http, port: 8082}]`

t.test('legacy Endpoints are read where there is no slice', async (t) => {
  const facts = endpointsOf(SERVICE, LEGACY).map(({ address, ready, ports }) => [address, ready, ports.get('http')])
  t.same(facts, [
    ['10.2.0.1', true, 8081],
    ['10.2.0.2', false, 8081],
    ['10.2.0.3', true, 8082],
  ])
  const both = endpointsOf(SERVICE, LEGACY, slice('s', 'reviews', '- {addresses: [10.1.0.1]}'))
  t.same(
    both.map(({ address }) => address),
    ['10.1.0.1'],
  )
})

t.test('without slices the pods that a service selects are its endpoints', async (t) => {
  const ready = 'conditions: [{type: Ready, status: "True"}]'
  const facts = endpointsOf(
    SERVICE,
    NODE,
    pod('a', { labels: '{app: reviews}', spec: 'nodeName: n1', status: `podIP: 10.1.0.1, ${ready}` }),
    pod('b', { labels: '{app: reviews}', status: 'podIP: 10.1.0.2, conditions: [{type: Ready, status: "False"}]' }),
    pod('c', {
      labels: '{app: reviews}',
      status: `podIP: 10.1.0.3, ${ready}`,
      metadata: 'deletionTimestamp: "2024-01-01T00:00:00Z"',
    }),
    pod('d', { labels: '{app: reviews}', status: 'podIP: 10.1.0.4' }),
    pod('e', { labels: '{app: reviews}', status: 'podIP: 10.1.0.5, phase: Succeeded' }),
    pod('f', { labels: '{app: ratings}', status: 'podIP: 10.1.0.6' }),
    pod('g', { labels: '{app: reviews}' }),
  ).map(({ address, ready, serving, terminating, locality }) => [address, ready, serving, terminating, locality.zone])
  t.same(facts, [
    ['10.1.0.1', true, true, false, 'z1'],
    ['10.1.0.2', false, false, false, ''],
    ['10.1.0.3', false, true, true, ''],
    ['10.1.0.4', true, true, false, ''],
  ])
})

t.test('a slice, even an empty one, means that pods are not looked at', async (t) => {
  const reviews = pod('a', { labels: '{app: reviews}', status: 'podIP: 10.1.0.1' })
  t.same(endpointsOf(SERVICE, reviews, slice('s', 'reviews', '[]')), [])
})

t.test('a named target port is what the container calls so, with its own number in each pod', async (t) => {
  const named = service(
    'reviews',
    `clusterIP: 10.96.0.20
selector: {app: reviews}
ports: [{name: http, port: 80, targetPort: web}, {name: dns, port: 53, targetPort: web, protocol: UDP}]`,
  )
  const containers = (ports: string): string => `containers: [{ports: ${ports}}]`
  const facts = endpointsOf(
    named,
    pod('a', {
      labels: '{app: reviews}',
      spec: containers('[{name: web, containerPort: 8080}]'),
      status: 'podIP: 10.1.0.1',
    }),
    pod('b', {
      labels: '{app: reviews}',
      spec: containers('[{name: web, containerPort: 9090}, {name: web, containerPort: 5353, protocol: UDP}]'),
      status: 'podIP: 10.1.0.2',
    }),
    pod('c', {
      labels: '{app: reviews}',
      spec: 'initContainers: [{restartPolicy: Always, ports: [{name: web, containerPort: 7070}]}]',
      status: 'podIP: 10.1.0.3',
    }),
    pod('d', { labels: '{app: reviews}', status: 'podIP: 10.1.0.4' }),
  ).map(({ ports }) => Object.fromEntries(ports))
  t.same(facts, [{ http: 8080 }, { http: 9090, dns: 5353 }, { http: 7070 }, {}])
})

t.test('pods give addresses of the families that the service has', async (t) => {
  const dual = pod('a', {
    labels: '{app: reviews}',
    status: 'podIP: 10.1.0.1, podIPs: [{ip: 10.1.0.1}, {ip: "fd00::1"}]',
  })
  const addresses = (spec: string): string[] => {
    const text = service('reviews', `${spec}\nselector: {app: reviews}\nports: [{port: 80}]`)
    return endpointsOf(text, dual).map(({ address }) => address)
  }
  t.same(addresses('clusterIP: 10.96.0.20'), ['10.1.0.1'])
  t.same(addresses('clusterIP: "fd00::20"'), ['fd00::1'])
  t.same(addresses('clusterIP: None\nipFamilies: [IPv6]'), ['fd00::1'])
  t.same(addresses('clusterIP: None'), ['10.1.0.1', 'fd00::1'])
})

t.test('publishNotReadyAddresses makes every pod ready', async (t) => {
  const text = service('reviews', 'clusterIP: None\npublishNotReadyAddresses: true\nselector: {app: reviews}')
  const facts = endpointsOf(text, pod('a', { labels: '{app: reviews}', status: 'podIP: 10.1.0.1, conditions: []' }))
  t.match(facts, [{ ready: true, serving: false }])
})

t.test('a pod has its host name below the service that is its subdomain', async (t) => {
  const headless = service('reviews', 'clusterIP: None\nselector: {app: reviews}')
  const hostnames = endpointsOf(
    headless,
    pod('a', { labels: '{app: reviews}', spec: 'hostname: a, subdomain: reviews', status: 'podIP: 10.1.0.1' }),
    pod('b', { labels: '{app: reviews}', spec: 'hostname: b, subdomain: other', status: 'podIP: 10.1.0.2' }),
  ).map(({ hostname }) => hostname)
  t.same(hostnames, ['a', undefined])
})

t.test('a service selects WorkloadEntries beside its slices', async (t) => {
  const entry = istio(
    'WorkloadEntry',
    'vm',
    'address: 10.3.0.1\nlabels: {app: reviews}\nports: {http: 7000}\nweight: 3',
  )
  const facts = endpointsOf(SERVICE, entry, slice('s', 'reviews', '- {addresses: [10.1.0.1]}')).map((endpoint) => [
    endpoint.address,
    endpoint.ports.get('http'),
    endpoint.weight,
    endpoint.workload,
  ])
  t.same(facts, [
    ['10.1.0.1', 8080, 1, undefined],
    ['10.3.0.1', 7000, 3, 'Kubernetes/networking.istio.io/WorkloadEntry/default/vm'],
  ])
})

t.test('nodes have a place and addresses', async (t) => {
  t.same(load(NODE).mesh.nodes.get('n1'), {
    name: 'n1',
    locality: { region: 'r1', zone: 'z1', subzone: 's1' },
    addresses: ['192.0.2.1', '2001:db8::1'],
  })
})
