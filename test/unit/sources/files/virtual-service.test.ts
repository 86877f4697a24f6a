import t from 'tap'
import type { RouteRule } from '../../../../controller/model/traffic-policy.ts'
import { istio, load } from './support.ts'

const virtual = (spec: string, name = 'vs', metadata?: string): string => istio('VirtualService', name, spec, metadata)
const rulesOf = (spec: string): readonly RouteRule[] =>
  load(virtual(`hosts: [reviews]\n${spec}`)).mesh.routes[0]?.rules ?? []

const V1 = '{destination: {host: reviews, subset: v1}, weight: 80}'
const V2 = '{destination: {host: reviews, subset: v2}, weight: 20}'
const HOST = 'reviews.default.svc.cluster.local'
const SPLIT = [
  { host: HOST, subset: 'v1', weight: 80 },
  { host: HOST, subset: 'v2', weight: 20 },
]

t.test('tcp rules split connections by weight', async (t) => {
  const { mesh, problems } = load(
    virtual(`
hosts: [reviews, "*.example.org"]
tcp:
- match: [{port: 9080, destinationSubnets: [10.96.0.0/16, "FD00:0::/64", 10.1.2.3]}, {port: 9081}]
  route: [${V1}, ${V2}]
- route: [{destination: {host: ratings.shop.svc.cluster.local, port: {number: 80}}}]`),
  )
  t.same(problems, [])
  t.match(mesh.routes, [
    {
      resource: 'VirtualService default/vs',
      namespace: 'default',
      hosts: [HOST],
      exported: true,
      rules: [
        {
          field: 'spec.tcp[0]',
          protocol: 'tcp',
          matches: [{ port: 9080, destinationSubnets: ['10.96.0.0/16', 'fd00::/64', '10.1.2.3/32'] }, { port: 9081 }],
          destinations: [
            { ...SPLIT[0], field: 'spec.tcp[0].route[0]' },
            { ...SPLIT[1], field: 'spec.tcp[0].route[1]' },
          ],
        },
        {
          matches: [],
          destinations: [{ host: 'ratings.shop.svc.cluster.local', port: 80, weight: 100 }],
        },
      ],
    },
    { hosts: ['*.example.org'] },
  ])
})

t.test('weights need not sum up, one destination needs none, and of several one without gets nothing', async (t) => {
  const weights = (route: string): unknown =>
    rulesOf(`tcp: [{route: ${route}}]`)[0]?.destinations.map(({ weight }) => weight)
  t.same(weights('[{destination: {host: a}, weight: 8}, {destination: {host: b}, weight: 1}]'), [8, 1])
  t.same(weights('[{destination: {host: a}}]'), [100])
  t.same(weights('[{destination: {host: a}, weight: 0}]'), [100])
  t.same(weights('[{destination: {host: a}, weight: 5}, {destination: {host: b}}]'), [5, 0])
})

t.test('an http rule that holds for every request decides for whole connections', async (t) => {
  const table: string[] = [
    `http: [{route: [${V1}, ${V2}]}]`,
    `http: [{match: [{uri: {prefix: /}}], route: [${V1}, ${V2}]}]`,
    `http: [{name: x, match: [{name: all}], route: [${V1}, ${V2}]}]`,
    `http: [{match: [{gateways: [mesh]}], route: [${V1}, ${V2}]}]`,
  ]
  for (const spec of table) {
    const { mesh, problems } = load(virtual(`hosts: [reviews]\n${spec}`))
    t.same(problems, [], spec)
    t.match(mesh.routes[0]?.rules, [{ protocol: 'http', destinations: SPLIT }], spec)
  }
})

t.test('an http rule for a port is for that port', async (t) => {
  t.match(rulesOf(`http: [{match: [{port: 80}], route: [${V1}]}, {route: [${V2}]}]`), [
    { field: 'spec.http[0]', matches: [{ port: 80 }] },
    { field: 'spec.http[1]', matches: [] },
  ])
})

t.test('rules that depend on the request are reported each, and the first that does not is used', async (t) => {
  const { mesh, problems } = load(
    virtual(`
hosts: [reviews]
http:
- {match: [{headers: {end-user: {exact: jason}}}, {uri: {prefix: /admin}, method: {exact: GET}}], route: [${V2}]}
- {match: [{uri: {exact: /x}}, {port: 80}], route: [${V1}]}
- {route: [${V1}], timeout: 5s, retries: {attempts: 3}}`),
  )
  t.same(problems, [
    'error VirtualService default/vs spec.http[0].match[0].headers: depends on the request, which is not looked at: this match is skipped',
    'error VirtualService default/vs spec.http[0].match[1].uri: depends on the request, which is not looked at: this match is skipped',
    'error VirtualService default/vs spec.http[0].match[1].method: depends on the request, which is not looked at: this match is skipped',
    'error VirtualService default/vs spec.http[1].match[0].uri: depends on the request, which is not looked at: this match is skipped',
    'warning VirtualService default/vs spec.http[2].timeout: is not honoured',
    'warning VirtualService default/vs spec.http[2].retries: is not honoured',
  ])
  t.match(mesh.routes[0]?.rules, [
    { field: 'spec.http[1]', matches: [{ port: 80 }] },
    { field: 'spec.http[2]', matches: [] },
  ])
  t.equal(mesh.routes[0]?.rules.length, 2)
})

t.test('without a rule that holds for every request the service stays unrouted', async (t) => {
  const { mesh, problems } = load(virtual(`hosts: [reviews]\nhttp: [{match: [{uri: {exact: /x}}], route: [${V1}]}]`))
  t.same(mesh.routes, [])
  t.equal(
    problems.at(-1),
    'error VirtualService default/vs spec.http: has no rule that holds for every request: not routed by these',
  )
})

t.test('rules behind one that answers every request by itself are not used either', async (t) => {
  const { mesh, problems } = load(virtual(`hosts: [reviews]\nhttp: [{redirect: {uri: /x}}, {route: [${V1}]}]`))
  t.same(mesh.routes, [])
  t.same(problems, [
    'error VirtualService default/vs spec.http[0].redirect: is not honoured: this rule is skipped',
    'error VirtualService default/vs spec.http: has no rule that holds for every request: not routed by these',
  ])
})

const CLIENTS: Readonly<Record<string, string>> = {
  sourceLabels: '{app: a}',
  sourceNamespace: 'shop',
  sourceSubnet: '10.0.0.0/8',
  gateways: '[ingress]',
}

for (const [field, value] of Object.entries(CLIENTS)) {
  t.test(`a tcp rule by ${field} is skipped, never widened`, async (t) => {
    const { mesh, problems } = load(
      virtual(`hosts: [reviews]\ntcp: [{match: [{port: 80, ${field}: ${value}}], route: [${V1}]}, {route: [${V2}]}]`),
    )
    t.same(problems, [
      `error VirtualService default/vs spec.tcp[0].match[0].${field}: is for some clients only, which are not told apart: this match is skipped`,
    ])
    t.match(mesh.routes[0]?.rules, [{ field: 'spec.tcp[1]' }])
    t.equal(mesh.routes[0]?.rules.length, 1)
  })
}

t.test('a rule of several matches keeps those that are for all clients', async (t) => {
  const [rule] = rulesOf(`tcp: [{match: [{port: 80, sourceNamespace: shop}, {port: 81}], route: [${V1}]}]`)
  t.same(rule?.matches, [{ port: 81, destinationSubnets: [] }])
})

const REPORTED: Readonly<Record<string, [spec: string, problem: string]>> = {
  'routes by server name': [
    'hosts: [a]\ntls: [{match: [{sniHosts: [a.org]}], route: [{destination: {host: a}}]}]',
    'error VirtualService default/vs spec.tls[0]: routes by server name, which is not looked at: skipped',
  ],
  'routes of gateways': [
    `hosts: [a]\ngateways: [ingress]\ntcp: [{route: [${V1}]}]`,
    'warning VirtualService default/vs spec.gateways: names gateways only: nothing inside the mesh is routed by this',
  ],
  'weights that are all 0': [
    'hosts: [a]\ntcp: [{route: [{destination: {host: a}, weight: 0}, {destination: {host: b}, weight: 0}]}]',
    'error VirtualService default/vs spec.tcp[0].route: has weights that are all 0',
  ],
  'a negative weight': [
    'hosts: [a]\ntcp: [{route: [{destination: {host: a}, weight: -1}]}]',
    'error VirtualService default/vs spec.tcp[0].route[0].weight: is -1, must be 0 to 2147483647',
  ],
  'no destination': ['hosts: [a]\ntcp: [{route: []}]', 'error VirtualService default/vs spec.tcp[0].route: is empty'],
  'no host': [`tcp: [{route: [${V1}]}]`, 'error VirtualService default/vs spec.hosts: is missing'],
  'a network that is none': [
    `hosts: [a]\ntcp: [{match: [{destinationSubnets: [10.0.0.0/33]}], route: [${V1}]}]`,
    'error VirtualService default/vs spec.tcp[0].match[0].destinationSubnets[0]: "10.0.0.0/33" is neither an IP address nor a network',
  ],
  'a destination port out of range': [
    'hosts: [a]\ntcp: [{route: [{destination: {host: a, port: {number: 0}}}]}]',
    'error VirtualService default/vs spec.tcp[0].route[0].destination.port.number: is 0, must be 1 to 65535',
  ],
  'headers of one destination': [
    'hosts: [a]\nhttp: [{route: [{destination: {host: a}, headers: {request: {}}}]}]',
    'warning VirtualService default/vs spec.http[0].route[0].headers: is not honoured',
  ],
}

for (const [behaviour, [spec, problem]] of Object.entries(REPORTED)) {
  t.test(`reported: ${behaviour}`, async (t) => t.same(load(virtual(spec)).problems, [problem]))
}

t.test('exact hosts come before wildcards, the older before the younger, which is reported', async (t) => {
  const rule = `tcp: [{route: [${V1}]}]`
  const { mesh, problems } = load(
    virtual(`hosts: ["*.svc.cluster.local", "*"]\n${rule}`, 'wild'),
    virtual(`hosts: [reviews]\n${rule}`, 'young', 'namespace: default, creationTimestamp: "2024-01-01T00:00:00Z"'),
    virtual(`hosts: [reviews]\n${rule}`, 'old', 'namespace: default, creationTimestamp: "2020-01-01T00:00:00Z"'),
  )
  t.same(
    mesh.routes.map(({ resource, hosts }) => `${resource.split('/')[1]} ${hosts}`),
    [`old ${HOST}`, `young ${HOST}`, 'wild *.svc.cluster.local', 'wild *'],
  )
  t.same(problems, [
    `warning VirtualService default/young spec.hosts: ${HOST} is routed by VirtualService default/old already, which is older`,
  ])
})
