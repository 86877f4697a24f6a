import t from 'tap'
import { istio, load, pod, service, serviceOf, TextFolder } from './support.ts'

const PORTS = 'ports: [{number: 443, name: tls, protocol: TLS}]'

const entry = (spec: string, name = 'out'): string => istio('ServiceEntry', name, spec)

t.test('a host with a virtual address and endpoints', async (t) => {
  const { mesh, problems } = load(
    entry(`
hosts: [db.example.org]
addresses: [192.0.2.10, 192.0.2.11/32]
location: MESH_EXTERNAL
resolution: STATIC
ports: [{number: 3306, name: mysql, protocol: MySQL, targetPort: 13306}, {number: 53, name: dns, protocol: UDP}]
endpoints:
- {address: 198.51.100.1, labels: {version: v1}, locality: r1/z1/s1, weight: 3, serviceAccount: db}
- {address: "2001:DB8:0::1", ports: {mysql: 23306}}`),
  )
  t.same(problems, [])
  t.match(serviceOf(mesh, 'default', 'db.example.org'), {
    resource: 'ServiceEntry default/out',
    name: 'db.example.org',
    addresses: [
      { scope: 'cluster', address: '192.0.2.10' },
      { scope: 'cluster', address: '192.0.2.11' },
    ],
    headless: false,
    ports: [
      { name: 'mysql', port: 3306, protocol: 'TCP', appProtocol: 'mysql' },
      { name: 'dns', port: 53, protocol: 'UDP', appProtocol: 'udp' },
    ],
    endpoints: [
      {
        address: '198.51.100.1',
        workload: 'Kubernetes/networking.istio.io/ServiceEntry/default/out/198.51.100.1',
        ports: new Map([
          ['mysql', 13306],
          ['dns', 53],
        ]),
        labels: { version: 'v1' },
        locality: { region: 'r1', zone: 'z1', subzone: 's1' },
        weight: 3,
        ready: true,
      },
      { address: '2001:db8::1', ports: new Map([['mysql', 23306]]), weight: 1 },
    ],
  })
  t.match(mesh.workloads.get('Kubernetes/networking.istio.io/ServiceEntry/default/out/198.51.100.1'), {
    name: 'out',
    addresses: ['198.51.100.1'],
    serviceAccount: 'db',
    workloadType: 'serviceentry',
  })
})

t.test('each host is a service of its own', async (t) => {
  const { mesh } = load(entry(`hosts: [a.example.org, B.example.org.]\nresolution: STATIC\n${PORTS}`))
  t.same([...mesh.services.keys()], ['default/a.example.org', 'default/b.example.org'])
})

t.test('a host without an address gets one from the range for that', async (t) => {
  const { mesh, problems } = load(
    entry(`hosts: [a.example.org]\nresolution: STATIC\n${PORTS}\nendpoints: [{address: 198.51.100.1}]`),
    entry(`hosts: [b.example.org]\nresolution: STATIC\n${PORTS}\nendpoints: [{address: "fd00::1"}]`, 'six'),
  )
  t.same(problems, [])
  t.match(serviceOf(mesh, 'default', 'a.example.org').addresses, [{ address: /^240\.240\./ }])
  t.match(serviceOf(mesh, 'default', 'b.example.org').addresses, [{ address: /^2001:2::/ }])
})

t.test('connections to hosts of resolution NONE are left alone, and addresses written down resolve', async (t) => {
  const { mesh, problems } = load(
    entry(`hosts: ["*.example.org"]\n${PORTS}`),
    entry(`hosts: [c.example.org]\naddresses: [192.0.2.9]\nresolution: NONE\n${PORTS}`, 'c'),
  )
  t.same(problems, [])
  t.equal(mesh.services.size, 1)
  t.match(serviceOf(mesh, 'default', 'c.example.org'), {
    headless: true,
    addresses: [],
    endpoints: [{ address: '192.0.2.9' }],
  })
})

t.test('a wildcard without an address has none: its names stand for the endpoints', async (t) => {
  const { mesh } = load(
    entry(`hosts: ["*.example.org"]\nresolution: STATIC\n${PORTS}\nendpoints: [{address: 198.51.100.1}]`),
  )
  t.match(serviceOf(mesh, 'default', '*.example.org'), {
    headless: true,
    addresses: [],
    endpoints: [{ address: '198.51.100.1' }],
  })
})

t.test('a selector chooses WorkloadEntries and pods of its namespace', async (t) => {
  const { mesh, problems } = load(
    entry(`hosts: [a.example.org]\nresolution: STATIC\n${PORTS}\nworkloadSelector: {labels: {app: a}}`),
    istio('WorkloadEntry', 'vm', 'address: 10.3.0.1\nlabels: {app: a}\nports: {tls: 8443}'),
    istio('WorkloadEntry', 'other', 'address: 10.3.0.2\nlabels: {app: b}'),
    istio('WorkloadEntry', 'far', 'address: 10.3.0.3\nlabels: {app: a}', 'namespace: elsewhere'),
    pod('p', { labels: '{app: a, version: v2}', status: 'podIP: 10.1.0.1' }),
  )
  t.same(problems, [])
  const facts = serviceOf(mesh, 'default', 'a.example.org').endpoints.map((e) => [
    e.address,
    e.ports.get('tls'),
    e.workload,
  ])
  t.same(facts, [
    ['10.1.0.1', 443, 'Kubernetes//Pod/default/p'],
    ['10.3.0.1', 8443, 'Kubernetes/networking.istio.io/WorkloadEntry/default/vm'],
  ])
})

t.test('hosts to be looked up become the addresses they resolve to', async (t) => {
  const folder = new TextFolder()
  folder.write('a.yaml', entry(`hosts: [a.example.org]\nresolution: DNS\n${PORTS}`))
  folder.write(
    'b.yaml',
    entry(
      `hosts: [b.example.org]\nresolution: DNS\n${PORTS}\nendpoints: [{address: b1.example.net, weight: 2}, {address: 10.0.0.9}]`,
      'b',
    ),
  )
  t.same(folder.wantedHosts(), ['a.example.org', 'b1.example.net'])
  t.same(serviceOf(folder.build().mesh, 'default', 'a.example.org').endpoints, [])
  const { mesh } = folder.build(
    new Map([
      ['a.example.org', ['192.0.2.1', 'fd00::1']],
      ['b1.example.net', ['192.0.2.2']],
    ]),
  )
  const facts = (host: string): unknown => serviceOf(mesh, 'default', host).endpoints.map((e) => [e.address, e.weight])
  t.same(facts('a.example.org'), [
    ['192.0.2.1', 1],
    ['fd00::1', 1],
  ])
  t.match(serviceOf(mesh, 'default', 'a.example.org').addresses, [{ address: /^240/ }, { address: /^2001:2::/ }])
  t.same(facts('b.example.org'), [
    ['192.0.2.2', 2],
    ['10.0.0.9', 1],
  ])
})

const REPORTED: Readonly<Record<string, [spec: string, problem: string]>> = {
  'no hosts': [PORTS, 'error ServiceEntry default/out spec.hosts: is missing'],
  'a host that is none': [
    `hosts: [a_b..c]\n${PORTS}`,
    'error ServiceEntry default/out spec.hosts[0]: "a_b..c" is no host name',
  ],
  'a label that is too long': [
    `hosts: [${'a'.repeat(64)}.org]\n${PORTS}`,
    `error ServiceEntry default/out spec.hosts[0]: label "${'a'.repeat(64)}" has 64 characters, 63 are allowed`,
  ],
  'every host there is': [
    `hosts: ["*"]\n${PORTS}`,
    'error ServiceEntry default/out spec.hosts[0]: "*" covers every host there is: name them',
  ],
  'a network': [
    `hosts: [a.org]\naddresses: [10.0.0.0/8]\n${PORTS}`,
    'error ServiceEntry default/out spec.addresses[0]: 10.0.0.0/8 is a network: only single addresses are balanced',
  ],
  'an address that is none': [
    `hosts: [a.org]\naddresses: [10.0.0]\n${PORTS}`,
    'error ServiceEntry default/out spec.addresses[0]: "10.0.0" is neither an IP address nor a network',
  ],
  'a wildcard that should be looked up': [
    `hosts: ["*.a.org"]\nresolution: DNS\n${PORTS}`,
    'error ServiceEntry default/out spec.hosts[0]: "*.a.org" cannot be looked up',
  ],
  'a resolution that needs a proxy': [
    `hosts: ["*.a.org"]\nresolution: DYNAMIC_DNS\n${PORTS}`,
    'error ServiceEntry default/out spec.resolution: DYNAMIC_DNS needs a proxy that reads host names: connections are left alone',
  ],
  'endpoints that nobody may use': [
    `hosts: [a.org]\n${PORTS}\nendpoints: [{address: 10.0.0.1}]`,
    'error ServiceEntry default/out spec.endpoints: needs resolution STATIC or DNS',
  ],
  'a host name where addresses are static': [
    `hosts: [a.org]\nresolution: STATIC\n${PORTS}\nendpoints: [{address: b.org}]`,
    'error ServiceEntry default/out spec.endpoints[0].address: "b.org" is a host name, which needs resolution DNS',
  ],
  'an endpoint address that is nothing': [
    `hosts: [a.org]\nresolution: STATIC\n${PORTS}\nendpoints: [{address: 10.0.0.300}]`,
    'error ServiceEntry default/out spec.endpoints[0].address: "10.0.0.300" is no IP address',
  ],
  'a unix socket, which is left out': [
    `hosts: [a.org]\nresolution: STATIC\n${PORTS}\nendpoints: [{address: "unix:///x.sock"}]`,
    'error ServiceEntry default/out spec.endpoints[0].address: is a unix socket: only IP endpoints can be reached',
  ],
  'a port of an endpoint that the service does not have': [
    `hosts: [a.org]\nresolution: STATIC\n${PORTS}\nendpoints: [{address: 10.0.0.1, ports: {http: 80}}]`,
    'error ServiceEntry default/out spec.endpoints[0].ports.http: is no port of this ServiceEntry',
  ],
  'a negative weight': [
    `hosts: [a.org]\nresolution: STATIC\n${PORTS}\nendpoints: [{address: 10.0.0.1, weight: -1}]`,
    'error ServiceEntry default/out spec.endpoints[0].weight: is -1, must be 0 to 4294967295',
  ],
  'a weight of 0, which is none': [
    `hosts: [a.org]\nresolution: STATIC\n${PORTS}\nendpoints: [{address: 10.0.0.1, weight: 0}]`,
    'warning ServiceEntry default/out spec.endpoints[0].weight: 0 means "not set" in Istio: 1 is used',
  ],
  'a selector beside endpoints': [
    `hosts: [a.org]\nresolution: STATIC\n${PORTS}\nendpoints: [{address: 10.0.0.1}]\nworkloadSelector: {labels: {a: b}}`,
    'error ServiceEntry default/out spec.workloadSelector: stands beside endpoints: one of the two',
  ],
  'a protocol that is none': [
    'hosts: [a.org]\nports: [{number: 80, name: x, protocol: SCTP}]',
    'error ServiceEntry default/out spec.ports[0].protocol: is "SCTP", must be one of HTTP, HTTPS, HTTP2, GRPC, GRPC-WEB, MONGO, MYSQL, REDIS, TCP, TLS, UDP',
  ],
  'visibility by client': [
    `hosts: [a.org]\n${PORTS}\nexportTo: ["."]`,
    'warning ServiceEntry default/out spec.exportTo: is not honoured: clients are not told apart, so every namespace sees this service',
  ],
  'hosts that resolve differently behind one address': [
    `hosts: [a.org, b.org]\naddresses: [192.0.2.1]\nresolution: DNS\n${PORTS}`,
    'warning ServiceEntry default/out spec.hosts: are several behind the same addresses: connections go where the first one resolves to',
  ],
  'what only a proxy can check': [
    `hosts: [a.org]\n${PORTS}\nsubjectAltNames: [x]`,
    'warning ServiceEntry default/out spec.subjectAltNames: is not honoured',
  ],
}

for (const [behaviour, [spec, problem]] of Object.entries(REPORTED)) {
  t.test(`reported: ${behaviour}`, async (t) => t.same(load(entry(spec)).problems, [problem]))
}

t.test('a host that is a service already is reported, the service stays', async (t) => {
  const { mesh, problems } = load(
    service('reviews', 'clusterIP: 10.96.0.20'),
    entry(`hosts: [reviews.default.svc.cluster.local, x.org]\nresolution: STATIC\n${PORTS}`),
    entry(`hosts: [x.org]\nresolution: STATIC\n${PORTS}`, 'second'),
  )
  t.same(problems, [
    'error ServiceEntry default/out spec.hosts[0]: reviews.default.svc.cluster.local is Service default/reviews already',
    'error ServiceEntry default/second spec.hosts[0]: x.org is ServiceEntry default/out already',
  ])
  t.equal(mesh.services.size, 2)
})
