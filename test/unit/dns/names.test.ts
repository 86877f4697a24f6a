import t from 'tap'
import { lookupName } from '../../../controller/dns/names.ts'
import { endpoint, meshOf, service } from './mesh.ts'

const reviews = service('default', 'reviews', {
  addresses: [
    { scope: 'cluster', address: '10.96.0.20' },
    { scope: 'cluster', address: 'fd00:96::20' },
    { scope: 'external', address: '192.0.2.9' },
    { scope: 'node' },
  ],
})
const stateful = service('db', 'mysql', {
  headless: true,
  endpoints: [
    endpoint('10.244.0.1', { hostname: 'mysql-0' }),
    endpoint('10.244.0.2', { hostname: 'mysql-1', ready: false }),
  ],
})
const starting = service('db', 'starting', {
  headless: true,
  publishNotReadyAddresses: true,
  endpoints: [endpoint('10.244.0.7', { ready: false })],
})
const alias = service('default', 'docs', { externalName: 'docs.example.org' })
const entry = service('default', 'api.example.com', {
  hostname: 'api.example.com',
  addresses: [{ scope: 'cluster', address: '240.240.0.5' }],
})
const wildcard = service('default', '*.wild.example', {
  hostname: '*.wild.example',
  addresses: [{ scope: 'cluster', address: '240.240.0.6' }],
})
const space = { mesh: meshOf(reviews, stateful, starting, alias, entry, wildcard), clusterDomain: 'cluster.local' }
const ask = (name: string, namespace = 'default') => lookupName(space, name, namespace)
const both = { is: 'addresses', addresses: ['10.96.0.20', 'fd00:96::20'] }

t.test('every form of a service name leads to its cluster addresses', async (t) => {
  for (const name of [
    'reviews.default.svc.cluster.local',
    'reviews.default.svc.cluster.local.',
    'REVIEWS.Default.SVC.cluster.local',
    'reviews.default.svc',
    'reviews.default',
    'reviews',
  ]) {
    t.same(ask(name), both, name)
  }
})

t.test('a name of one label is completed by the namespace of who asks', async (t) => {
  t.same(ask('reviews', 'db'), { is: 'foreign' })
  t.same(ask('mysql', 'db'), { is: 'addresses', addresses: ['10.244.0.1'] })
})

t.test('a headless service shows its ready endpoints, and the others if it says so', async (t) => {
  t.same(ask('mysql.db'), { is: 'addresses', addresses: ['10.244.0.1'] })
  t.same(ask('starting.db'), { is: 'addresses', addresses: ['10.244.0.7'] })
})

t.test('a pod of a headless service has a name of its own', async (t) => {
  t.same(ask('mysql-0.mysql.db.svc.cluster.local'), { is: 'addresses', addresses: ['10.244.0.1'] })
  t.same(ask('mysql-1.mysql.db.svc.cluster.local'), { is: 'missing' }, 'not ready')
  t.same(ask('mysql-9.mysql.db.svc.cluster.local'), { is: 'missing' })
})

t.test('a named port has an SRV record', async (t) => {
  t.same(ask('_http._tcp.reviews.default.svc.cluster.local'), {
    is: 'ports',
    ports: [{ port: 80, target: 'reviews.default.svc.cluster.local' }],
  })
  t.same(ask('_http._tcp.mysql.db.svc.cluster.local'), {
    is: 'ports',
    ports: [{ port: 8080, target: 'mysql-0.mysql.db.svc.cluster.local' }],
  })
  t.same(ask('_http._udp.reviews.default.svc.cluster.local'), { is: 'missing' })
})

t.test('an ExternalName is an alias', async (t) => {
  t.same(ask('docs.default'), { is: 'alias', target: 'docs.example.org' })
})

t.test('hosts of ServiceEntries resolve as they stand, the longest wildcard covers the rest', async (t) => {
  t.same(ask('api.example.com'), { is: 'addresses', addresses: ['240.240.0.5'] })
  t.same(ask('a.b.wild.example'), { is: 'addresses', addresses: ['240.240.0.6'] })
  t.same(ask('wild.example'), { is: 'foreign' })
})

t.test('unknown names of the cluster are missing, all other names are foreign', async (t) => {
  t.same(ask('nobody.default.svc.cluster.local'), { is: 'missing' })
  t.same(ask('reviews.default.default.svc.cluster.local'), { is: 'missing' }, 'as a search list makes it')
  for (const name of ['www.example.com', 'localhost', '', '.', 'x.reviews.default', 'cluster.local']) {
    t.same(ask(name), { is: 'foreign' }, JSON.stringify(name))
  }
})
