import t from 'tap'
import type { Endpoint, Service } from '../../../controller/model/service.ts'
import { compiled, endpoint, HERE, inZone, linesOf, problemLines, service, slotsOf } from './mesh.ts'

const reviews = (endpoints: readonly Endpoint[], more: Partial<Service> = {}) => ({
  services: [service('reviews', ['10.96.0.10', 'fd00::10'], { endpoints, ...more })],
})
const addresses = (endpoints: readonly Endpoint[], more: Partial<Service> = {}, view = HERE) =>
  slotsOf(reviews(endpoints, more), view).map((line) => line.split(':8080')[0])

const gone = { ready: false, serving: false }
const leaving = { ready: false, terminating: true }

t.test('ready endpoints share evenly', async (t) => {
  t.strictSame(slotsOf(reviews([endpoint('10.244.0.2'), endpoint('10.244.0.1'), endpoint('10.244.0.3', gone)])), [
    '10.244.0.1:8080 50%',
    '10.244.0.2:8080 50%',
  ])
})

t.test('endpoints that terminate but serve are used only when no ready one is left', async (t) => {
  t.strictSame(addresses([endpoint('10.244.0.1'), endpoint('10.244.0.2', leaving)]), ['10.244.0.1'])
  t.strictSame(addresses([endpoint('10.244.0.1', gone), endpoint('10.244.0.2', leaving)]), ['10.244.0.2'])
  t.strictSame(addresses([endpoint('10.244.0.1', { ...leaving, serving: false })]), [])
})

t.test('publishNotReadyAddresses makes all of them ready', async (t) => {
  t.strictSame(addresses([endpoint('10.244.0.1', gone), endpoint('10.244.0.2')], { publishNotReadyAddresses: true }), [
    '10.244.0.1',
    '10.244.0.2',
  ])
})

t.test('internalTrafficPolicy Local keeps to this node, and refuses where it has none', async (t) => {
  const local = { internalTrafficPolicy: 'Local' } as const
  const [a, b] = [endpoint('10.244.0.1', { node: 'node-a' }), endpoint('10.244.0.2', { node: 'node-b' })]
  t.strictSame(addresses([a, b], local), ['10.244.0.1'])
  t.strictSame(addresses([b], local), [])
  t.strictSame(addresses([{ ...a, ...leaving }, b], local), ['10.244.0.1'])
  t.strictSame(addresses([a], local, { name: '', locality: inZone('') }), [])
  t.strictSame(linesOf(compiled(reviews([b], local)), 'services'), [
    'services default/reviews:http v4=0 v6=0 balance=random',
  ])
})

t.test('external addresses ignore both traffic policies, for clients are inside the cluster', async (t) => {
  const parts = reviews([endpoint('10.244.0.1', { node: 'node-b' }), endpoint('10.244.0.2', { node: 'node-a' })], {
    addresses: [
      { scope: 'cluster', address: '10.96.0.10' },
      { scope: 'external', address: '192.0.2.1' },
    ],
    internalTrafficPolicy: 'Local',
    externalTrafficPolicy: 'Local',
  })
  t.strictSame(linesOf(compiled(parts), 'frontends', 'slots'), [
    'frontends 10.96.0.10:80/TCP -> default/reviews:http',
    'frontends 192.0.2.1:80/TCP -> default/reviews:http@outside',
    'slots default/reviews:http/v4 10.244.0.2:8080 100%',
    'slots default/reviews:http@outside/v4 10.244.0.1:8080 50%',
    'slots default/reviews:http@outside/v4 10.244.0.2:8080 50%',
  ])
})

t.test('hints count where every ready endpoint has one and one means us', async (t) => {
  const hinted = (address: string, ...hintZones: string[]) => endpoint(address, { hintZones })
  const [near, far] = [hinted('10.244.0.1', 'zone-1'), hinted('10.244.0.2', 'zone-2', 'zone-3')]
  t.strictSame(addresses([near, far]), ['10.244.0.1'])
  t.strictSame(addresses([near, far, endpoint('10.244.0.3')]), ['10.244.0.1', '10.244.0.2', '10.244.0.3'])
  t.strictSame(addresses([near, far, endpoint('10.244.0.3', gone)]), ['10.244.0.1'])
  t.strictSame(addresses([far]), ['10.244.0.2'])
  t.strictSame(addresses([{ ...near, ready: false, serving: false }, far]), ['10.244.0.2'])
  t.strictSame(addresses([near, far], {}, { name: 'node-a', locality: inZone('') }), ['10.244.0.1', '10.244.0.2'])
})

t.test('hints for nodes come before hints for zones', async (t) => {
  const [a, b] = [
    endpoint('10.244.0.1', { hintNodes: ['node-a'], hintZones: ['zone-1'] }),
    endpoint('10.244.0.2', { hintNodes: ['node-b'], hintZones: ['zone-1'] }),
  ]
  const c = endpoint('10.244.0.3', { hintNodes: ['node-c'], hintZones: ['zone-2'] })
  t.strictSame(addresses([a, b, c]), ['10.244.0.1'])
  t.strictSame(addresses([b, c]), ['10.244.0.2'])
  t.strictSame(addresses([c]), ['10.244.0.3'])
})

t.test('trafficDistribution without hints goes by where the endpoints are', async (t) => {
  const at = (address: string, node: string, zone: string) => endpoint(address, { node, locality: inZone(zone) })
  const [here, near, far] = [
    at('10.244.0.1', 'node-a', 'zone-1'),
    at('10.244.0.2', 'node-b', 'zone-1'),
    at('10.244.0.3', 'node-c', 'zone-2'),
  ]
  t.strictSame(addresses([here, near, far], { trafficDistribution: 'PreferSameNode' }), ['10.244.0.1'])
  t.strictSame(addresses([near, far], { trafficDistribution: 'PreferSameNode' }), ['10.244.0.2'])
  t.strictSame(addresses([here, near, far], { trafficDistribution: 'PreferSameZone' }), ['10.244.0.1', '10.244.0.2'])
  t.strictSame(addresses([far], { trafficDistribution: 'PreferSameNode' }), ['10.244.0.3'])
  t.strictSame(addresses([here, far]), ['10.244.0.1', '10.244.0.3'])
})

t.test('families are kept apart, and each has its own fallback', async (t) => {
  const parts = reviews([endpoint('10.244.0.1', leaving), endpoint('fd00:244::1'), endpoint('fd00:244::2', leaving)])
  t.strictSame(linesOf(compiled(parts), 'services', 'slots'), [
    'services default/reviews:http v4=1 v6=1 balance=random',
    'slots default/reviews:http/v4 10.244.0.1:8080 100%',
    'slots default/reviews:http/v6 [fd00:244::1]:8080 100%',
  ])
})

t.test('weights are exact, and weight 0 takes no traffic', async (t) => {
  const weighted = (address: string, weight: number) => endpoint(address, { weight })
  t.strictSame(slotsOf(reviews([weighted('10.244.0.1', 5), weighted('10.244.0.2', 3), weighted('10.244.0.3', 0)])), [
    '10.244.0.1:8080 62.5%',
    '10.244.0.2:8080 37.5%',
  ])
  t.strictSame(slotsOf(reviews([weighted('10.244.0.1', 0)])), [])
  t.strictSame(addresses([weighted('10.244.0.1', 0), endpoint('10.244.0.2', leaving)]), ['10.244.0.2'])
})

t.test('an endpoint serves the ports that it names', async (t) => {
  const ports = [
    { name: 'http', port: 80, protocol: 'TCP', appProtocol: '' },
    { name: 'dns', port: 53, protocol: 'UDP', appProtocol: '' },
  ] as const
  const endpoints = [
    endpoint('10.244.0.1', { ports: new Map([['http', 1]]) }),
    endpoint('10.244.0.2', {
      ports: new Map([
        ['http', 65535],
        ['dns', 5353],
      ]),
    }),
  ]
  t.strictSame(
    linesOf(compiled({ services: [service('both', ['10.96.0.1'], { ports, endpoints })] }), 'frontends', 'slots'),
    [
      'frontends 10.96.0.1:53/UDP -> default/both:dns',
      'frontends 10.96.0.1:80/TCP -> default/both:http',
      'slots default/both:dns/v4 10.244.0.2:5353 100%',
      'slots default/both:http/v4 10.244.0.1:1 50%',
      'slots default/both:http/v4 10.244.0.2:65535 50%',
    ],
  )
})

t.test('an endpoint that stands in two slices counts once, by its better half', async (t) => {
  const twice = [endpoint('10.244.0.1', gone), endpoint('10.244.0.1'), endpoint('10.244.0.2')]
  t.strictSame(slotsOf(reviews(twice)), ['10.244.0.1:8080 50%', '10.244.0.2:8080 50%'])
  t.strictSame(slotsOf(reviews(twice.toReversed())), ['10.244.0.1:8080 50%', '10.244.0.2:8080 50%'])
})

t.test('what cannot be sent to is left out and told', async (t) => {
  const result = compiled(
    reviews([
      endpoint('10.244.0.1'),
      endpoint('10.244.0.256'),
      endpoint('10.244.0.2', { ports: new Map([['http', 65536]]) }),
      endpoint('10.244.0.3', { weight: 0.5 }),
    ]),
  )
  t.strictSame(linesOf(result, 'slots'), ['slots default/reviews:http/v4 10.244.0.1:8080 100%'])
  t.strictSame(problemLines(result), [
    'error Service default/reviews : endpoint 10.244.0.256 is left out: it is not an IP address',
    'error Service default/reviews : endpoint 10.244.0.2 is left out: port 65536 is not within 1 to 65535',
    'error Service default/reviews : endpoint 10.244.0.3 is left out: weight 0.5 is not a whole number',
  ])
})

t.test('100,000 endpoints in one service', async (t) => {
  const many = Array.from({ length: 100_000 }, (_, i) => endpoint(`10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`))
  const from = performance.now()
  const result = compiled(reviews(many))
  t.comment(`${(performance.now() - from).toFixed(0)} ms`)
  t.strictSame(result.problems, [])
  t.strictSame(linesOf(result, 'services'), ['services default/reviews:http v4=100000 v6=0 balance=random'])
})
