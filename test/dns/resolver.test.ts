/** The resolver in a namespace of its own, asked by Node's resolver from inside; "upstream" is a server of the test. */
import { execFile, execFileSync } from 'node:child_process'
import packet from 'dns-packet'
import t from 'tap'
import { messagesOf, withLength } from '../../controller/dns/framing.ts'
import { Resolvers } from '../../controller/dns/resolvers.ts'
import { tcpServer, udpSocket } from '../../controller/dns/sockets.ts'
import { addNamespace, deleteNamespace } from '../../lab/netns.ts'
import { native } from '../../native/index.ts'
import { endpoint, meshOf, service } from '../unit/dns/mesh.ts'

const many = Array.from({ length: 60 }, (_, i) => endpoint(`10.244.1.${i + 1}`))
const mesh = meshOf(
  service('default', 'reviews', {
    addresses: [
      { scope: 'cluster', address: '10.96.0.20' },
      { scope: 'cluster', address: 'fd00:96::20' },
    ],
  }),
  service('default', 'many', { headless: true, endpoints: many }),
  service('default', 'docs', { externalName: 'docs.outside.example' }),
)

/** Answers every A question with 192.0.2.53; over UDP `big.outside.example` is truncated. */
function upstream(query: Buffer, tcp: boolean): Buffer {
  const { id, questions } = packet.decode(query)
  const name = questions?.[0]?.name ?? ''
  const cut = name.startsWith('big.') && !tcp
  return packet.encode({
    type: 'response',
    id: id ?? 0,
    flags: packet.RECURSION_AVAILABLE | (cut ? packet.TRUNCATED_RESPONSE : 0),
    questions: questions ?? [],
    answers: cut ? [] : [{ type: 'A', name, ttl: 60, data: '192.0.2.53' }],
  })
}

/** One lookup by Node's own resolver, in a process inside the namespace. */
const ASK = `
const { Resolver } = require('node:dns').promises
const [server, method, name] = process.argv.slice(1)
const resolver = new Resolver({ timeout: 3000, tries: 2 })
resolver.setServers([server])
resolver[method](name).then((found) => console.log(JSON.stringify(found.sort())), (error) => console.log(error.code))
`

const root = process.getuid?.() === 0
t.test('a resolver inside a network namespace', { skip: root ? false : 'needs root' }, async (t) => {
  const netns = `kmesh-test-dns-${process.pid}`
  const path = await addNamespace(netns)
  t.teardown(() => deleteNamespace(netns))
  execFileSync('mkdir', ['-p', `/etc/netns/${netns}`])
  execFileSync('sh', ['-c', `echo nameserver 127.0.0.77 > /etc/netns/${netns}/resolv.conf`])
  t.teardown(() => execFileSync('rm', ['-r', `/etc/netns/${netns}`]))

  const open = (kind: 'tcp' | 'udp' | 'connect', address: string, port: number): number =>
    native().socketIn(path, kind, address, port)
  const up = await udpSocket(open, '127.0.0.77', 53)
  up.on('message', (query, from) => up.send(upstream(query, false), from.port, from.address))
  const upTcp = await tcpServer(open, '127.0.0.77', 53, (client) => {
    client.on(
      'data',
      messagesOf((query) => void client.end(withLength(upstream(query, true)))),
    )
  })
  t.teardown(() => {
    up.close()
    upTcp.close()
  })

  const told: (readonly string[])[] = []
  const resolvers = new Resolvers({
    openSocket: (inside, ...socket) => native().socketIn(inside, ...socket),
    space: () => ({ mesh, clusterDomain: 'cluster.local' }),
    onNameServers: (addresses) => told.push(addresses),
  })
  t.teardown(() => resolvers.closeAll())
  const port = await resolvers.open({ id: 'a', netns: path, namespace: 'default' })
  t.same(told, [['127.0.0.77']])

  const ask = async (method: string, name: string, server = '127.0.0.1'): Promise<unknown> => {
    const args = [`--net=${path}`, process.execPath, '-e', ASK, '--', `${server}:${port}`, method, name]
    const text = await new Promise<string>((resolve) => {
      execFile('nsenter', args, (_error, stdout) => resolve(stdout.trim()))
    })
    return text.startsWith('[') ? JSON.parse(text) : text
  }

  t.same(await ask('resolve4', 'reviews.default'), ['10.96.0.20'])
  t.same(await ask('resolve6', 'reviews.default.svc.cluster.local', '[::1]'), ['fd00:96::20'])
  t.same(await ask('resolve4', 'nobody.default.svc.cluster.local'), 'ENOTFOUND')
  t.equal(((await ask('resolve4', 'many.default')) as string[]).length, 60, 'by TCP, as UDP was truncated')
  t.same(await ask('resolve4', 'www.outside.example'), ['192.0.2.53'], 'forwarded')
  t.same(await ask('resolve4', 'big.outside.example'), ['192.0.2.53'], 'forwarded by TCP')
  t.same(await ask('resolve4', 'docs.default'), ['192.0.2.53'], 'an alias to the outside')

  const again = await resolvers.open({ id: 'a', netns: path, namespace: 'default' })
  t.equal(again, port, 'an unchanged member keeps its resolver')
  resolvers.close('a')
  t.same(told.at(-1), [])
  t.match(await ask('resolve4', 'reviews.default'), /ECONNREFUSED|ETIMEOUT/, 'closed: nobody answers')
})
