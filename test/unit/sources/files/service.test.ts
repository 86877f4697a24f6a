import t from 'tap'
import type { Service } from '../../../../controller/model/service.ts'
import { load, reviewsOf, service } from './support.ts'

const PORT = 'ports: [{name: http, port: 9080}]'
const VIP = 'clusterIP: 10.96.0.20'

const READ: Readonly<Record<string, [spec: string, expected: Partial<Service>]>> = {
  'a plain service': [
    `${VIP}\n${PORT}`,
    {
      resource: 'Service default/reviews',
      name: 'reviews',
      namespace: 'default',
      hostname: 'reviews.default.svc.cluster.local',
      addresses: [{ scope: 'cluster', address: '10.96.0.20' }],
      headless: false,
      ports: [{ name: 'http', port: 9080, protocol: 'TCP', appProtocol: 'http' }],
      internalTrafficPolicy: 'Cluster',
      externalTrafficPolicy: 'Cluster',
      publishNotReadyAddresses: false,
      socketLane: true,
    },
  ],
  'both addresses of a dual-stack service, in canonical form': [
    `${VIP}\nclusterIPs: [10.96.0.20, "FD00:0:0::20"]\nipFamilies: [IPv4, IPv6]\n${PORT}`,
    {
      addresses: [
        { scope: 'cluster', address: '10.96.0.20' },
        { scope: 'cluster', address: 'fd00::20' },
      ],
    },
  ],
  'a headless service has no address': [`clusterIP: None\n${PORT}`, { headless: true, addresses: [] }],
  'node ports answer at every node': [
    `type: NodePort\n${VIP}\nports: [{port: 80, nodePort: 30080}]`,
    {
      addresses: [{ scope: 'cluster', address: '10.96.0.20' }, { scope: 'node' }],
      ports: [{ name: '', port: 80, protocol: 'TCP', appProtocol: '', nodePort: 30080 }],
    },
  ],
  'the node port of a service that has none any more is not used': [
    `${VIP}\nports: [{port: 80, nodePort: 30080}]`,
    { addresses: [{ scope: 'cluster', address: '10.96.0.20' }] },
  ],
  'external addresses': [
    `${VIP}\nexternalIPs: [198.51.100.7]\n${PORT}`,
    {
      addresses: [
        { scope: 'cluster', address: '10.96.0.20' },
        { scope: 'external', address: '198.51.100.7' },
      ],
    },
  ],
  'session affinity lasts three hours unless said otherwise': [
    `${VIP}\nsessionAffinity: ClientIP\n${PORT}`,
    { affinitySeconds: 10800 },
  ],
  'session affinity as long as wanted': [
    `${VIP}\nsessionAffinity: ClientIP\nsessionAffinityConfig: {clientIP: {timeoutSeconds: 60}}\n${PORT}`,
    { affinitySeconds: 60 },
  ],
  'traffic policies': [
    `type: NodePort\n${VIP}\ninternalTrafficPolicy: Local\nexternalTrafficPolicy: Local\n${PORT}`,
    { internalTrafficPolicy: 'Local', externalTrafficPolicy: 'Local' },
  ],
  'PreferClose is the older name of PreferSameZone': [
    `${VIP}\ntrafficDistribution: PreferClose\n${PORT}`,
    { trafficDistribution: 'PreferSameZone' },
  ],
  'traffic that stays on the node': [
    `${VIP}\ntrafficDistribution: PreferSameNode\n${PORT}`,
    { trafficDistribution: 'PreferSameNode' },
  ],
  'an alias': [
    'type: ExternalName\nexternalName: Reviews.example.org.',
    { externalName: 'reviews.example.org', addresses: [], headless: false },
  ],
  'ports by transport protocol': [
    `${VIP}\nports: [{name: dns, port: 53, protocol: UDP}, {name: dns-tcp, port: 53}]`,
    {
      ports: [
        { name: 'dns', port: 53, protocol: 'UDP', appProtocol: 'udp' },
        { name: 'dns-tcp', port: 53, protocol: 'TCP', appProtocol: 'tcp' },
      ],
    },
  ],
}

for (const [behaviour, [spec, expected]] of Object.entries(READ)) {
  t.test(behaviour, async (t) => {
    const loaded = load(service('reviews', spec))
    t.same(loaded.problems, [])
    t.hasStrict(reviewsOf(loaded), expected)
  })
}

t.test('the application protocol is appProtocol, else what the name begins with', async (t) => {
  const table: [port: string, protocol: string][] = [
    ['{name: http, port: 80}', 'http'],
    ['{name: http2-api, port: 80}', 'http2'],
    ['{name: grpc-web, port: 80}', 'grpc-web'],
    ['{name: grpc-web-x, port: 80}', 'grpc-web'],
    ['{name: web, port: 80}', ''],
    ['{name: httpx, port: 80}', ''],
    ['{name: web, appProtocol: HTTPS, port: 80}', 'https'],
    ['{name: http, appProtocol: kubernetes.io/h2c, port: 80}', 'http2'],
    ['{name: db, port: 3306}', 'tcp'],
  ]
  for (const [port, protocol] of table) {
    t.equal(reviewsOf(load(service('reviews', `${VIP}\nports: [${port}]`))).ports[0]?.appProtocol, protocol, port)
  }
})

const REPORTED: Readonly<Record<string, [spec: string, problems: string[]]>> = {
  'an address that is none': [
    `clusterIP: 10.96.0.256\n${PORT}`,
    ['error Service default/reviews spec.clusterIP: "10.96.0.256" is no IP address'],
  ],
  'an IPv4 address in IPv6 clothes': [
    `clusterIP: "::ffff:10.0.0.1"\n${PORT}`,
    ['error Service default/reviews spec.clusterIP: "::ffff:10.0.0.1" is no IP address'],
  ],
  'an address that cannot be connected to': [
    `clusterIP: 0.0.0.0\n${PORT}`,
    ['error Service default/reviews spec.clusterIP: 0.0.0.0 cannot be connected to'],
  ],
  'clusterIP and clusterIPs that disagree': [
    `${VIP}\nclusterIPs: [10.96.0.21]\n${PORT}`,
    ['error Service default/reviews spec.clusterIP: is 10.96.0.20, must be the first of clusterIPs'],
  ],
  'a headless service of a type that needs an address': [
    `type: NodePort\nclusterIP: None\n${PORT}`,
    ['error Service default/reviews spec.clusterIP: is None, which a service of type NodePort cannot have'],
  ],
  'ports out of range': [
    `${VIP}\nports: [{name: a, port: 0}, {name: b, port: 65536}, {name: c, port: 80.5}, {name: d, port: "80"}]`,
    [
      'error Service default/reviews spec.ports[0].port: is 0, must be 1 to 65535',
      'error Service default/reviews spec.ports[1].port: is 65536, must be 1 to 65535',
      'error Service default/reviews spec.ports[2].port: is 80.5, must be a whole number',
      'error Service default/reviews spec.ports[3].port: is the string "80", must be a whole number',
    ],
  ],
  'several ports without names': [
    `${VIP}\nports: [{port: 80}, {name: b, port: 81}]`,
    ['error Service default/reviews spec.ports[0].name: is missing: of several ports each has a name'],
  ],
  'two ports of one name, or of one number': [
    `${VIP}\nports: [{name: a, port: 80}, {name: a, port: 81}, {name: b, port: 80}]`,
    [
      'error Service default/reviews spec.ports[1].name: "a" is the name of another port already',
      'error Service default/reviews spec.ports[2].port: 80/TCP is another port already',
    ],
  ],
  'SCTP, while the other ports are used': [
    `${VIP}\nports: [{name: a, port: 80, protocol: SCTP}, {name: b, port: 81}]`,
    ['error Service default/reviews spec.ports[0].protocol: SCTP is not balanced: this port is left alone'],
  ],
  'a protocol that is none': [
    `${VIP}\nports: [{port: 80, protocol: QUIC}]`,
    ['error Service default/reviews spec.ports[0].protocol: is "QUIC", must be one of TCP, UDP, SCTP'],
  ],
  'fields without effect, misspelt ones among them': [
    `${VIP}\nloadBalancerSourceRanges: [10.0.0.0/8]\nsesionAffinity: ClientIP\n${PORT}`,
    [
      'warning Service default/reviews spec.loadBalancerSourceRanges: is not honoured',
      'warning Service default/reviews spec.sesionAffinity: is not honoured',
    ],
  ],
  'a distribution that nobody knows': [
    `${VIP}\ntrafficDistribution: PreferMoon\n${PORT}`,
    [
      'warning Service default/reviews spec.trafficDistribution: "PreferMoon" is not known: endpoints everywhere are used alike',
    ],
  ],
  'session affinity that is too long': [
    `${VIP}\nsessionAffinity: ClientIP\nsessionAffinityConfig: {clientIP: {timeoutSeconds: 86401}}\n${PORT}`,
    ['error Service default/reviews spec.sessionAffinityConfig.clientIP.timeoutSeconds: is 86401, must be 1 to 86400'],
  ],
  'an alias of nothing': ['type: ExternalName', ['error Service default/reviews spec.externalName: is missing']],
}

for (const [behaviour, [spec, problems]] of Object.entries(REPORTED)) {
  t.test(`reported: ${behaviour}`, async (t) => t.same(load(service('reviews', spec)).problems, problems))
}

t.test('a port of SCTP leaves the others in force', async (t) => {
  const { ports } = reviewsOf(
    load(service('reviews', `${VIP}\nports: [{name: a, port: 80, protocol: SCTP}, {name: b, port: 81}]`)),
  )
  t.same(
    ports.map(({ name }) => name),
    ['b'],
  )
})

t.test('load balancer addresses are taken over, but not those of a proxy', async (t) => {
  const status =
    'status: {loadBalancer: {ingress: [{ip: 203.0.113.1}, {ip: 203.0.113.2, ipMode: VIP}, {ip: 203.0.113.3, ipMode: Proxy}, {hostname: x.example.org}]}}'
  const addresses = (type: string): unknown => {
    const text = `${service('reviews', `type: ${type}\n${VIP}\n${PORT}`)}\n${status}`
    return reviewsOf(load(text)).addresses.filter(({ scope }) => scope === 'external')
  }
  t.same(addresses('LoadBalancer'), [
    { scope: 'external', address: '203.0.113.1' },
    { scope: 'external', address: '203.0.113.2' },
  ])
  t.same(addresses('ClusterIP'), [])
})

t.test('the socket lane is switched off by annotation or by label', async (t) => {
  for (const place of ['annotations', 'labels']) {
    const text = service('reviews', `${VIP}\n${PORT}`, `${place}: {kmesh.net/socket-lane: disabled}`)
    t.equal(reviewsOf(load(text)).socketLane, false, place)
  }
})

t.test('a service without an address gets one of its own, which is reported and always the same', async (t) => {
  const loaded = load(service('reviews', PORT))
  const [address] = reviewsOf(loaded).addresses
  t.match(address, { scope: 'cluster', address: /^240\.240\.\d+\.\d+$/ })
  t.match(loaded.problems, [
    /^warning Service default\/reviews spec\.clusterIP: is missing: 240\.240\..* is used, by its name/,
  ])
  t.same(reviewsOf(load(service('other', PORT), service('reviews', PORT))).addresses, [address])
})

t.test('a service without an address that is declared for both families gets two', async (t) => {
  const { addresses } = reviewsOf(load(service('reviews', `ipFamilies: [IPv6, IPv4]\n${PORT}`)))
  t.match(addresses, [{ address: /^2001:2::/ }, { address: /^240\.240\./ }])
})

t.test('services come in order of age, then of name', async (t) => {
  const created = (when: string): string => `creationTimestamp: ${when}`
  const { mesh } = load(
    service('c', 'clusterIP: 10.0.0.3', created('"2024-01-01T00:00:00Z"')),
    service('b', 'clusterIP: 10.0.0.2', created('"2023-01-01T00:00:00Z"')),
    service('z', 'clusterIP: 10.0.0.9'),
    service('a', 'clusterIP: 10.0.0.1', created('"2024-01-01T00:00:00Z"')),
  )
  t.same(
    [...mesh.services.values()].map(({ name }) => name),
    ['z', 'b', 'a', 'c'],
  )
})
