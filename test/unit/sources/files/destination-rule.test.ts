import t from 'tap'
import { istio, load, service } from './support.ts'

const rule = (name: string, spec: string, metadata?: string): string => istio('DestinationRule', name, spec, metadata)
const REVIEWS = service('reviews', 'clusterIP: 10.96.0.20')

t.test('subsets and balance', async (t) => {
  const { mesh, problems } = load(
    REVIEWS,
    rule(
      'reviews',
      `
host: reviews
trafficPolicy:
  loadBalancer: {simple: ROUND_ROBIN}
  portLevelSettings: [{port: {number: 9090}, loadBalancer: {simple: RANDOM}}]
subsets:
- {name: v1, labels: {version: v1}}
- {name: v2, labels: {version: v2}, trafficPolicy: {loadBalancer: {simple: RANDOM}, tls: {mode: DISABLE}}}`,
    ),
  )
  t.same(problems, [])
  const none = new Map()
  t.match(mesh.destinations, [
    {
      resource: 'DestinationRule default/reviews',
      namespace: 'default',
      host: 'reviews.default.svc.cluster.local',
      exported: false,
      balance: 'round-robin',
      portBalance: new Map([[9090, 'random']]),
      subsets: new Map([
        ['v1', { name: 'v1', labels: { version: 'v1' }, portBalance: none }],
        ['v2', { name: 'v2', labels: { version: 'v2' }, balance: 'random', portBalance: none }],
      ]),
    },
  ])
})

t.test('a host without a dot is a service of the own namespace, others stand as they are', async (t) => {
  const hosts = ['reviews', 'reviews.default.svc.cluster.local', 'api.example.org', '"*.example.org"', '"*"']
  const { mesh } = load(...hosts.map((host, n) => rule(`r${n}`, `host: ${host}`, 'namespace: shop')))
  t.same(
    new Set(mesh.destinations.map(({ host }) => host)),
    new Set([
      'reviews.shop.svc.cluster.local',
      'reviews.default.svc.cluster.local',
      'api.example.org',
      '*.example.org',
      '*',
    ]),
  )
})

const NOT_HONOURED: Readonly<Record<string, [policy: string, problem: string]>> = {
  'connection pools': ['{connectionPool: {tcp: {maxConnections: 1}}}', 'connectionPool: is not honoured'],
  'outlier detection': ['{outlierDetection: {}}', 'outlierDetection: is not honoured'],
  'tls of the proxy': [
    '{tls: {mode: ISTIO_MUTUAL}}',
    'tls.mode: is not honoured: connections stay as the client made them',
  ],
  hashing: ['{loadBalancer: {consistentHash: {useSourceIp: true}}}', 'loadBalancer.consistentHash: is not honoured'],
  'locality weights': ['{loadBalancer: {localityLbSetting: {}}}', 'loadBalancer.localityLbSetting: is not honoured'],
  'least requests': [
    '{loadBalancer: {simple: LEAST_REQUEST}}',
    'loadBalancer.simple: LEAST_REQUEST is not honoured: endpoints are chosen at random',
  ],
  'least connections': [
    '{loadBalancer: {simple: LEAST_CONN}}',
    'loadBalancer.simple: LEAST_CONN is not honoured: endpoints are chosen at random',
  ],
  tunnels: ['{tunnel: {targetHost: x}}', 'tunnel: is not honoured'],
  'proxy protocol': ['{proxyProtocol: {}}', 'proxyProtocol: is not honoured'],
}

for (const [behaviour, [policy, problem]] of Object.entries(NOT_HONOURED)) {
  t.test(`not honoured: ${behaviour}`, async (t) => {
    const { mesh, problems } = load(REVIEWS, rule('r', `host: reviews\ntrafficPolicy: ${policy}`))
    t.same(problems, [`warning DestinationRule default/r spec.trafficPolicy.${problem}`])
    t.equal(mesh.destinations.length, 1, 'the rule is used all the same')
  })
}

const REFUSED: Readonly<Record<string, [spec: string, problem: string]>> = {
  'no host': ['subsets: []', 'spec.host: is missing'],
  'a balance that is none': [
    'host: a\ntrafficPolicy: {loadBalancer: {simple: MAGLEV}}',
    'spec.trafficPolicy.loadBalancer.simple: is "MAGLEV", must be one of ROUND_ROBIN, RANDOM, UNSPECIFIED, LEAST_REQUEST, LEAST_CONN, PASSTHROUGH',
  ],
  'two subsets of one name': [
    'host: a\nsubsets: [{name: v1}, {name: v1}]',
    'spec.subsets[1].name: "v1" is the name of another subset already',
  ],
  'a rule for some clients': [
    'host: a\nworkloadSelector: {matchLabels: {a: b}}',
    'spec.workloadSelector: is for some clients only, which are not told apart: the rule is not used',
  ],
}

for (const [behaviour, [spec, problem]] of Object.entries(REFUSED)) {
  t.test(`refused: ${behaviour}`, async (t) => {
    const { mesh, problems } = load(rule('r', spec))
    t.same(problems, [`error DestinationRule default/r ${problem}`])
    t.same(mesh.destinations, [])
  })
}

t.test(
  "rules of the service's namespace come first, then those of the root namespace; closer hosts first",
  async (t) => {
    const { mesh } = load(
      REVIEWS,
      rule('all', 'host: "*"', 'namespace: istio-system'),
      rule('near', 'host: "*.default.svc.cluster.local"', 'namespace: istio-system'),
      rule('exact', 'host: reviews.default.svc.cluster.local', 'namespace: istio-system'),
      rule('wild', 'host: "*.svc.cluster.local"'),
      rule('own', 'host: reviews'),
    )
    t.same(
      mesh.destinations.map(({ resource, exported }) => [resource.split('/')[1], exported]),
      [
        ['own', false],
        ['wild', false],
        ['exact', true],
        ['near', true],
        ['all', true],
      ],
    )
  },
)

t.test("a rule in a client's namespace is reported and not used", async (t) => {
  const { mesh, problems } = load(REVIEWS, rule('r', 'host: reviews.default.svc.cluster.local', 'namespace: shop'))
  t.same(problems, [
    'error DestinationRule shop/r spec.host: is a service of namespace default: this rule is for clients of namespace shop, which are not told apart, and not used',
  ])
  t.same(mesh.destinations, [])
})

t.test('several rules for one host act as one, the oldest first', async (t) => {
  const { mesh, problems } = load(
    REVIEWS,
    rule(
      'young',
      'host: reviews\ntrafficPolicy: {loadBalancer: {simple: RANDOM}}\nsubsets: [{name: v1, labels: {a: young}}, {name: v2}]',
      'namespace: default, creationTimestamp: "2024-01-01T00:00:00Z"',
    ),
    rule(
      'old',
      'host: reviews\ntrafficPolicy: {loadBalancer: {simple: ROUND_ROBIN}}\nsubsets: [{name: v1, labels: {a: old}}]',
      'namespace: default, creationTimestamp: "2020-01-01T00:00:00Z"',
    ),
  )
  t.match(mesh.destinations, [{ resource: 'DestinationRule default/old', balance: 'round-robin' }])
  t.equal(mesh.destinations.length, 1)
  t.same(
    [...(mesh.destinations[0]?.subsets.values() ?? [])].map(({ name, labels }) => [name, labels]),
    [
      ['v1', { a: 'old' }],
      ['v2', {}],
    ],
  )
  t.same(problems, [
    'warning DestinationRule default/young spec.subsets: subset v1 is defined by DestinationRule default/old already',
    'warning DestinationRule default/young spec.trafficPolicy: is not used: DestinationRule default/old is older and for the same host',
  ])
})

t.test('rules for some namespaces only are reported', async (t) => {
  t.same(load(REVIEWS, rule('r', 'host: reviews\nexportTo: ["."]')).problems, [
    'warning DestinationRule default/r spec.exportTo: is not honoured to the letter: it covers the services of its own namespace, for clients of all namespaces',
  ])
  t.same(load(REVIEWS, rule('r', 'host: reviews\nexportTo: ["*"]')).problems, [])
})
