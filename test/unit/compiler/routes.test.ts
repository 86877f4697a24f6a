import t from 'tap'
import type { Service } from '../../../controller/model/service.ts'
import {
  compiled,
  destinationPolicy,
  endpoint,
  HTTP,
  hostOf,
  linesOf,
  problemLines,
  routePolicy,
  rule,
  service,
  slotsOf,
  subset,
} from './mesh.ts'

const V1 = { version: 'v1' }
const V2 = { version: 'v2' }
const reviews = (more: Partial<Service> = {}) =>
  service('reviews', ['10.96.0.10'], {
    endpoints: [
      endpoint('10.244.0.1', { labels: V1 }),
      endpoint('10.244.0.2', { labels: V1 }),
      endpoint('10.244.0.3', { labels: V2 }),
    ],
    ...more,
  })
const versions = destinationPolicy(hostOf('reviews'), { subsets: new Map([subset('v1', V1), subset('v2', V2)]) })
const to = (name: string, more: object = {}) => ({ host: hostOf(name), ...more })
const http = { protocol: 'http', field: 'spec.http[0]' } as const
const PLAIN = { ...HTTP, name: 'redis', appProtocol: 'redis' }

t.test('weighted subsets share exactly, whatever their weights sum to', async (t) => {
  const split = (v1: number, v2: number) =>
    slotsOf({
      services: [reviews()],
      destinations: [versions],
      routes: [
        routePolicy(
          [hostOf('reviews')],
          [rule([to('reviews', { subset: 'v1', weight: v1 }), to('reviews', { subset: 'v2', weight: v2 })], http)],
        ),
      ],
    })
  t.strictSame(split(80, 20), ['10.244.0.1:8080 40%', '10.244.0.2:8080 40%', '10.244.0.3:8080 20%'])
  t.strictSame(split(1, 2), ['10.244.0.1:8080 16.6667%', '10.244.0.2:8080 16.6667%', '10.244.0.3:8080 66.6667%'])
  t.strictSame(split(0, 7), ['10.244.0.3:8080 100%'])
})

t.test('endpoint weights divide the share of their destination only', async (t) => {
  const heavy = service('heavy', ['10.96.0.11'], {
    endpoints: [endpoint('10.244.1.1', { weight: 3 }), endpoint('10.244.1.2', { weight: 1 })],
  })
  const routes = [routePolicy([hostOf('reviews')], [rule([to('reviews', { weight: 3 }), to('heavy')], http)])]
  t.strictSame(
    linesOf(compiled({ services: [reviews(), heavy], routes }), 'slots').filter((line) => line.includes('reviews')),
    [
      'slots default/reviews:http/v4 10.244.0.1:8080 25%',
      'slots default/reviews:http/v4 10.244.0.2:8080 25%',
      'slots default/reviews:http/v4 10.244.0.3:8080 25%',
      'slots default/reviews:http/v4 10.244.1.1:8080 18.75%',
      'slots default/reviews:http/v4 10.244.1.2:8080 6.25%',
    ],
  )
})

t.test('an endpoint of two destinations has the sum of both shares', async (t) => {
  const routes = [routePolicy([hostOf('reviews')], [rule([to('reviews'), to('reviews', { subset: 'v2' })], http)])]
  t.strictSame(slotsOf({ services: [reviews()], destinations: [versions], routes }), [
    '10.244.0.1:8080 16.6667%',
    '10.244.0.2:8080 16.6667%',
    '10.244.0.3:8080 66.6667%',
  ])
})

t.test('a destination without endpoints keeps its share, and refuses', async (t) => {
  const empty = service('empty', [])
  const routes = [routePolicy([hostOf('reviews')], [rule([to('reviews', { weight: 3 }), to('empty')], http)])]
  const result = compiled({ services: [reviews(), empty], routes })
  t.strictSame(linesOf(result, 'slots'), [
    'slots default/reviews:http/v4 10.244.0.1:8080 25%',
    'slots default/reviews:http/v4 10.244.0.2:8080 25%',
    'slots default/reviews:http/v4 10.244.0.3:8080 25%',
    'slots default/reviews:http/v4 refused 25%',
  ])
  t.strictSame(problemLines(result), [])
})

t.test('a destination that does not exist is told by its field, and its share refuses', async (t) => {
  const routes = [
    routePolicy(
      [hostOf('reviews')],
      [
        rule(
          [to('reviews'), to('nobody'), to('reviews', { subset: 'v3' }), to('two-ports'), to('reviews', { port: 81 })],
          http,
        ),
      ],
    ),
  ]
  const twoPorts = service('two-ports', [], {
    ports: [
      { ...HTTP, port: 8000 },
      { ...HTTP, name: 'other', port: 8001 },
    ],
  })
  const result = compiled({ services: [reviews(), twoPorts], destinations: [versions], routes })
  t.match(linesOf(result, 'slots').at(-1), 'default/reviews:http/v4 refused 80%')
  const routesProblem = 'error VirtualService default/routes spec.http[0].route'
  t.strictSame(problemLines(result), [
    `${routesProblem}[1].destination.host: there is no service "nobody.default.svc.cluster.local": this share of the connections is refused`,
    `${routesProblem}[2].destination.subset: DestinationRule default/rule has no subset "v3": this share of the connections is refused`,
    `${routesProblem}[3].destination.port.number: Service default/two-ports has no TCP port 80: this share of the connections is refused`,
    `${routesProblem}[4].destination.port.number: Service default/reviews has no TCP port 81: this share of the connections is refused`,
  ])
})

t.test('where every share is refused, so is the service', async (t) => {
  const routes = [routePolicy([hostOf('reviews')], [rule([to('nobody')], http)])]
  const result = compiled({ services: [reviews()], routes })
  t.strictSame(linesOf(result, 'frontends', 'services', 'slots'), [
    'frontends 10.96.0.10:80/TCP -> default/reviews:http',
    'services default/reviews:http v4=0 v6=0 balance=random',
  ])
})

t.test('a single destination needs no weight; several without any refuse', async (t) => {
  const parts = (...weights: number[]) => ({
    services: [reviews()],
    routes: [
      routePolicy(
        [hostOf('reviews')],
        [
          rule(
            weights.map((weight) => to('reviews', { weight })),
            http,
          ),
        ],
      ),
    ],
  })
  t.equal(slotsOf(parts(0)).length, 3)
  t.equal(slotsOf(parts(0, 0)).length, 0)
  t.match(problemLines(compiled(parts(0, 0))), [/spec\.http\[0\]: all weights are 0: connections are refused/])
})

t.test('the only port of a destination need not be named', async (t) => {
  const canary = service('canary', [], { ports: [{ ...HTTP, name: 'web', port: 9999 }] })
  const endpoints = [endpoint('10.244.9.9', { ports: new Map([['web', 99]]) })]
  const routes = [routePolicy([hostOf('reviews')], [rule([to('canary')], http)])]
  t.strictSame(slotsOf({ services: [reviews(), { ...canary, endpoints }], routes }), ['10.244.9.9:99 100%'])
})

t.test('the first rule that matches port and address decides', async (t) => {
  const ports = [PLAIN, { ...PLAIN, name: 'admin', port: 81 }]
  const both = new Map([
    ['redis', 1],
    ['admin', 2],
  ])
  const asked = service('asked', ['10.96.0.1', '10.97.0.1', 'fd00::1'], { ports })
  const a = service('a', [], { ports, endpoints: [endpoint('10.244.0.1', { ports: both })] })
  const b = service('b', [], { ports, endpoints: [endpoint('10.244.0.2', { ports: both })] })
  const routes = [
    routePolicy(
      [hostOf('asked')],
      [
        rule([to('a')], { matches: [{ port: 81, destinationSubnets: ['10.97.0.0/16', 'fd00::/8'] }] }),
        rule([to('b')], {
          field: 'spec.tcp[1]',
          matches: [
            { port: 80, destinationSubnets: ['10.96.0.1'] },
            { port: 82, destinationSubnets: [] },
          ],
        }),
      ],
    ),
  ]
  t.strictSame(linesOf(compiled({ services: [asked, a, b], routes }), 'frontends', 'services', 'slots'), [
    'frontends 10.96.0.1:80/TCP -> default/asked:redis@10.96.0.1:80',
    'frontends 10.96.0.1:81/TCP -> default/asked:admin@10.96.0.1:81',
    'frontends 10.97.0.1:80/TCP -> default/asked:redis@10.97.0.1:80',
    'frontends 10.97.0.1:81/TCP -> default/asked:admin@10.97.0.1:81',
    'frontends [fd00::1]:80/TCP -> default/asked:redis@[fd00::1]:80',
    'frontends [fd00::1]:81/TCP -> default/asked:admin@[fd00::1]:81',
    'services default/asked:admin@10.96.0.1:81 v4=0 v6=0 balance=random',
    'services default/asked:admin@10.97.0.1:81 v4=1 v6=0 balance=random',
    'services default/asked:admin@[fd00::1]:81 v4=1 v6=0 balance=random',
    'services default/asked:redis@10.96.0.1:80 v4=1 v6=0 balance=random',
    'services default/asked:redis@10.97.0.1:80 v4=0 v6=0 balance=random',
    'services default/asked:redis@[fd00::1]:80 v4=0 v6=0 balance=random',
    'slots default/asked:admin@10.97.0.1:81/v4(+1) 10.244.0.1:2 100%',
    'slots default/asked:redis@10.96.0.1:80/v4 10.244.0.2:1 100%',
  ])
})

t.test('a subnet that is none is told, and matches nothing', async (t) => {
  const routes = [
    routePolicy(
      [hostOf('reviews')],
      [rule([to('nobody')], { ...http, matches: [{ destinationSubnets: ['10.96.0.0/33'] }] })],
    ),
  ]
  const result = compiled({ services: [reviews()], routes })
  t.equal(linesOf(result, 'slots').length, 3)
  t.strictSame(problemLines(result), [
    'error VirtualService default/routes spec.http[0].match[0].destinationSubnets[0]: "10.96.0.0/33" is not an address block: nothing matches it',
  ])
})

t.test('http rules are for HTTP ports, tcp rules for the others; an unnamed protocol takes either', async (t) => {
  const toV2 = [to('reviews', { subset: 'v2' })]
  const slots = (protocol: 'http' | 'tcp', appProtocol: string) =>
    slotsOf({
      services: [reviews({ ports: [{ ...HTTP, appProtocol }] })],
      destinations: [versions],
      routes: [routePolicy([hostOf('reviews')], [rule(toV2, { protocol })])],
    }).length
  t.strictSame(
    ['http', 'http2', 'grpc', 'redis', 'tls', ''].map((p) => slots('http', p)),
    [1, 1, 1, 3, 3, 1],
  )
  t.strictSame(
    ['http', 'http2', 'grpc', 'redis', 'tls', ''].map((p) => slots('tcp', p)),
    [3, 3, 3, 1, 1, 1],
  )
  const udp = reviews({ ports: [{ ...HTTP, protocol: 'UDP', appProtocol: '' }] })
  t.equal(
    slotsOf({ services: [udp], destinations: [versions], routes: [routePolicy([hostOf('reviews')], [rule(toV2)])] })
      .length,
    3,
  )
})

t.test('the first policy that covers a service decides; a private one covers its own namespace', async (t) => {
  const slots = (...routes: Parameters<typeof routePolicy>[2][]) =>
    slotsOf({
      services: [reviews()],
      destinations: [versions],
      routes: routes.map((more, i) =>
        routePolicy(
          [i === 0 ? '*.svc.cluster.local' : hostOf('reviews')],
          [rule([to('reviews', { subset: i === 0 ? 'v2' : 'v1' })], http)],
          more,
        ),
      ),
    }).length
  t.equal(slots({}, {}), 1)
  t.equal(slots({ namespace: 'other', exported: false }, {}), 2)
  t.equal(slots({ namespace: 'other', exported: true }, {}), 1)
  t.equal(slots({ exported: false }, {}), 1)
})

t.test('a host that no service has is told', async (t) => {
  const result = compiled({
    services: [reviews()],
    destinations: [destinationPolicy('*.example.com'), destinationPolicy('*')],
    routes: [
      routePolicy([hostOf('reviews'), 'review.default.svc.cluster.local'], []),
      routePolicy([hostOf('reviews')], [], {
        namespace: 'other',
        exported: false,
        resource: 'VirtualService other/private',
      }),
    ],
  })
  t.strictSame(problemLines(result), [
    'warning DestinationRule default/rule spec.host: no service has the host "*.example.com": nothing is done for it',
    'warning VirtualService default/routes spec.hosts: no service has the host "review.default.svc.cluster.local": nothing is done for it',
    'warning VirtualService other/private spec.hosts: no service has the host "reviews.default.svc.cluster.local" in the namespace other, the only one it covers: nothing is done for it',
  ])
})

t.test('the narrower balance wins: port of the subset, subset, port, service', async (t) => {
  const balance = (more: Parameters<typeof destinationPolicy>[1], subsetMore = {}) =>
    linesOf(
      compiled({
        services: [reviews()],
        destinations: [
          destinationPolicy(hostOf('reviews'), { subsets: new Map([subset('v1', V1, subsetMore)]), ...more }),
        ],
        routes: [routePolicy([hostOf('reviews')], [rule([to('reviews', { subset: 'v1' })], http)])],
      }),
      'services',
    )[0]
  const turns = 'services default/reviews:http v4=2 v6=0 balance=round-robin'
  const random = 'services default/reviews:http v4=2 v6=0 balance=random'
  t.equal(balance({}), random)
  t.equal(balance({ balance: 'round-robin' }), turns)
  t.equal(balance({ balance: 'round-robin', portBalance: new Map([[80, 'random']]) }), random)
  t.equal(balance({ balance: 'random', portBalance: new Map([[80, 'round-robin']]) }), turns)
  t.equal(balance({ balance: 'round-robin' }, { balance: 'random' }), random)
  t.equal(balance({ balance: 'random' }, { balance: 'random', portBalance: new Map([[80, 'round-robin']]) }), turns)
})

t.test('round robin has a cursor; destinations that differ are balanced at random, and that is told', async (t) => {
  const other = service('other', ['10.96.0.11'])
  const destinations = [destinationPolicy(hostOf('other'), { balance: 'round-robin' })]
  t.strictSame(linesOf(compiled({ services: [reviews(), other], destinations }), 'cursors'), [
    'cursors default/other:http',
  ])
  const mixed = compiled({
    services: [reviews(), other],
    destinations,
    routes: [routePolicy([hostOf('reviews')], [rule([to('reviews'), to('other')], http)])],
  })
  t.match(linesOf(mixed, 'services')[1], 'default/reviews:http v4=4 v6=0 balance=random')
  t.strictSame(problemLines(mixed), [
    'warning VirtualService default/routes spec.http[0]: its destinations are balanced differently: all of them are balanced at random',
  ])
})

t.test("an external host means the one of the policy's own namespace", async (t) => {
  const external = (namespace: string, address: string) => ({
    ...service(`${namespace}/db`, [], { endpoints: [endpoint(address)] }),
    hostname: 'db.example.com',
  })
  const slots = (namespace: string) =>
    slotsOf({
      services: [external('a', '192.0.2.1'), external('b', '192.0.2.2'), reviews()],
      routes: [routePolicy([hostOf('reviews')], [rule([{ host: 'db.example.com' }], http)], { namespace })],
    })
  t.strictSame(slots('b'), ['192.0.2.2:8080 100%'])
  t.strictSame(slots('c'), ['192.0.2.1:8080 100%'])
})

t.test('the socket lane is off where any of the services switches it off', async (t) => {
  const quiet = service('quiet', [], { socketLane: false, endpoints: [endpoint('10.244.0.9')] })
  const routes = [routePolicy([hostOf('reviews')], [rule([to('reviews'), to('quiet')], http)])]
  t.match(linesOf(compiled({ services: [reviews(), quiet], routes }), 'services'), [/socket-lane=off/])
  t.match(linesOf(compiled({ services: [reviews()] }), 'services'), [/balance=random$/])
})
