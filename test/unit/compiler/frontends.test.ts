import t from 'tap'
import type { MeshNode } from '../../../controller/model/mesh.ts'
import { compiled, endpoint, HTTP, inZone, linesOf, problemLines, service } from './mesh.ts'

const node = (name: string, ...addresses: string[]): MeshNode => ({ name, addresses, locality: inZone('') })

t.test('every address answers on every port', async (t) => {
  const ports = [HTTP, { name: 'dns', port: 53, protocol: 'UDP', appProtocol: '' } as const]
  t.strictSame(linesOf(compiled({ services: [service('a', ['10.96.0.1', 'fd00::1'], { ports })] }), 'frontends'), [
    'frontends 10.96.0.1:53/UDP -> default/a:dns',
    'frontends 10.96.0.1:80/TCP -> default/a:http',
    'frontends [fd00::1]:53/UDP -> default/a:dns',
    'frontends [fd00::1]:80/TCP -> default/a:http',
  ])
})

t.test('node ports answer at every address of every node', async (t) => {
  const exposed = service('a', [], {
    addresses: [{ scope: 'cluster', address: '10.96.0.1' }, { scope: 'node' }],
    ports: [
      { ...HTTP, nodePort: 30080 },
      { name: 'inner', port: 81, protocol: 'TCP', appProtocol: '' },
    ],
  })
  const nodes = [node('node-a', '192.0.2.1', '2001:db8::1'), node('node-b', '192.0.2.2')]
  t.strictSame(linesOf(compiled({ services: [exposed], nodes }), 'frontends'), [
    'frontends 10.96.0.1:80/TCP -> default/a:http',
    'frontends 10.96.0.1:81/TCP -> default/a:inner',
    'frontends 192.0.2.1:30080/TCP -> default/a:http',
    'frontends 192.0.2.2:30080/TCP -> default/a:http',
    'frontends [2001:db8::1]:30080/TCP -> default/a:http',
  ])
})

t.test('headless services and aliases have no frontends and no kernel services', async (t) => {
  const headless = service('a', ['10.96.0.1'], { headless: true, endpoints: [endpoint('10.244.0.1')] })
  const alias = service('b', ['10.96.0.2'], { externalName: 'example.com' })
  t.strictSame(linesOf(compiled({ services: [headless, alias] })), [])
})

t.test('a service without addresses has none either', async (t) => {
  t.strictSame(linesOf(compiled({ services: [service('a', [], { endpoints: [endpoint('10.244.0.1')] })] })), [])
})

t.test('an address and port that two services want belongs to the first', async (t) => {
  const result = compiled({
    services: [
      service('b', ['10.96.0.1']),
      service('a', ['10.96.0.1', '10.96.0.2']),
      service('c', ['10.96.0.2', '10.96.0.1', '10.96.0.3']),
    ],
  })
  t.strictSame(linesOf(result, 'frontends'), [
    'frontends 10.96.0.1:80/TCP -> default/b:http',
    'frontends 10.96.0.2:80/TCP -> default/a:http',
    'frontends 10.96.0.3:80/TCP -> default/c:http',
  ])
  t.strictSame(problemLines(result), [
    'error Service default/a : 10.96.0.1:80/TCP already belongs to Service default/b, which keeps it',
    'error Service default/c : 10.96.0.2:80/TCP already belongs to Service default/a, which keeps it',
    'error Service default/c : 10.96.0.1:80/TCP already belongs to Service default/b, which keeps it',
  ])
})

t.test('hosts of one ServiceEntry share its addresses', async (t) => {
  const host = (hostname: string) =>
    service(hostname, ['192.0.2.1'], { resource: 'ServiceEntry default/out', hostname })
  const result = compiled({ services: [host('a.org'), host('b.org')] })
  t.strictSame(problemLines(result), [])
  t.equal(linesOf(result, 'frontends').length, 1)
})

t.test('ports that are there twice belong to the first', async (t) => {
  const ports = [
    { ...HTTP, nodePort: 30080 },
    { ...HTTP, name: 'again' },
    { ...HTTP, name: 'other', port: 81, nodePort: 30080 },
  ]
  const twice = service('a', [], { addresses: [{ scope: 'cluster', address: '10.96.0.1' }, { scope: 'node' }], ports })
  const nodes = Array.from({ length: 5 }, (_, i) => node(`node-${i}`, `192.0.2.${i}`))
  const result = compiled({ services: [twice], nodes })
  t.strictSame(
    linesOf(result, 'frontends').filter((line) => !line.includes(':30080')),
    ['frontends 10.96.0.1:80/TCP -> default/a:http', 'frontends 10.96.0.1:81/TCP -> default/a:other'],
  )
  t.strictSame(problemLines(result), [
    'error Service default/a spec.ports[1]: port 80/TCP is there twice: the first one has it',
    'error Service default/a : 192.0.2.0:30080/TCP, 192.0.2.1:30080/TCP, 192.0.2.2:30080/TCP and 2 more are there twice: the first port has them',
  ])
})

t.test('the same address with another port or protocol is another frontend', async (t) => {
  const ports = [HTTP, { ...HTTP, name: 'a', port: 81 }, { ...HTTP, name: 'b', protocol: 'UDP' }] as const
  const result = compiled({ services: ports.map((port, i) => service(`s${i}`, ['10.96.0.1'], { ports: [port] })) })
  t.equal(linesOf(result, 'frontends').length, 3)
  t.strictSame(problemLines(result), [])
})

t.test('ports and addresses at and beyond their limits', async (t) => {
  const ports = [0, 1, 65535, 65536, 1.5].map((port, i) => ({ ...HTTP, name: `p${i}`, port }))
  const result = compiled({ services: [service('a', ['10.96.0.1', 'None'], { ports })] })
  t.strictSame(linesOf(result, 'frontends'), [
    'frontends 10.96.0.1:1/TCP -> default/a:p1',
    'frontends 10.96.0.1:65535/TCP -> default/a:p2',
  ])
  t.strictSame(problemLines(result), [
    'error Service default/a spec.ports[0].port: 0 is not within 1 to 65535: the port is left out',
    'error Service default/a : "None" is not an IP address: nothing answers there',
    'error Service default/a spec.ports[3].port: 65536 is not within 1 to 65535: the port is left out',
    'error Service default/a spec.ports[4].port: 1.5 is not within 1 to 65535: the port is left out',
  ])
})

t.test('names at the limits', async (t) => {
  const label = 'x'.repeat(63)
  const result = compiled({
    services: [service(`${label}/${label}`, ['10.96.0.1'], { ports: [{ ...HTTP, name: label.slice(48) }] })],
  })
  t.strictSame(linesOf(result, 'frontends'), [`frontends 10.96.0.1:80/TCP -> ${label}/${label}:${label.slice(48)}`])
})

t.test('a port without a name is shown by its number', async (t) => {
  const result = compiled({ services: [service('a', ['10.96.0.1'], { ports: [{ ...HTTP, name: '' }] })] })
  t.strictSame(linesOf(result, 'frontends'), ['frontends 10.96.0.1:80/TCP -> default/a:80'])
})

t.test('session affinity lists the members of its sets', async (t) => {
  const sticky = service('a', ['10.96.0.1'], {
    affinitySeconds: 10800,
    endpoints: [endpoint('10.244.0.1'), endpoint('10.244.0.2')],
  })
  const lines = linesOf(compiled({ services: [sticky] }), 'services', 'set_members')
  t.equal(lines[0], 'services default/a:http v4=2 v6=0 balance=random affinity=10800s')
  t.strictSame(
    lines.slice(1).map((line) => line.replace(/\d$/, 'N')),
    [
      'set_members default/a:http/v4 10.244.0.1:8080 is slot N',
      'set_members default/a:http/v4 10.244.0.2:8080 is slot N',
    ],
  )
})
