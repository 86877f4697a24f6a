import packet from 'dns-packet'
import t from 'tap'
import { aliasQuery, answerQuery, finishAlias } from '../../../controller/dns/answer.ts'
import { messagesOf, withLength } from '../../../controller/dns/framing.ts'
import { nameServers } from '../../../controller/dns/resolv-conf.ts'
import { endpoint, meshOf, service } from './mesh.ts'

const many = Array.from({ length: 60 }, (_, i) => endpoint(`10.244.1.${i + 1}`))
const space = {
  clusterDomain: 'cluster.local',
  mesh: meshOf(
    service('default', 'reviews', { addresses: [{ scope: 'cluster', address: '10.96.0.20' }] }),
    service('default', 'many', { headless: true, endpoints: many }),
    service('default', 'docs', { externalName: 'docs.example.org' }),
    service('default', 'inner', { externalName: 'reviews.default.svc.cluster.local' }),
    service('default', 'loop', { externalName: 'loop.default.svc.cluster.local' }),
  ),
}

function ask(
  name: string,
  type: packet.RecordType,
  transport: 'udp' | 'tcp' = 'udp',
  additionals: packet.Answer[] = [],
) {
  const query = packet.encode({
    type: 'query',
    id: 4711,
    flags: packet.RECURSION_DESIRED,
    questions: [{ type, name }],
    additionals,
  })
  const answer = answerQuery(space, query, 'default', transport)
  return { answer, reply: answer.is === 'response' ? packet.decode(answer.bytes) : undefined }
}
const rcode = (reply: packet.Packet | undefined): number => (reply?.flags ?? 0) & 0xf

t.test('a response repeats id and question and carries the addresses of the asked family', async (t) => {
  const { reply } = ask('reviews.default', 'A')
  t.equal(reply?.id, 4711)
  t.match(reply?.questions, [{ name: 'reviews.default', type: 'A' }])
  t.match(reply?.answers, [{ type: 'A', name: 'reviews.default', data: '10.96.0.20' }])
  t.equal(rcode(reply), 0)
})

t.test('the other family, and other types, are empty but exist', async (t) => {
  for (const type of ['AAAA', 'TXT', 'MX'] as const) {
    const { reply } = ask('reviews.default', type)
    t.same(reply?.answers, [], type)
    t.equal(rcode(reply), 0, type)
  }
})

t.test('a name that the cluster does not have is NXDOMAIN', async (t) => {
  t.equal(rcode(ask('nobody.default.svc.cluster.local', 'A').reply), 3)
})

t.test('too long for UDP is truncated, unless the client takes more; TCP carries all', async (t) => {
  const { reply } = ask('many.default', 'A')
  t.ok((reply?.flags ?? 0) & packet.TRUNCATED_RESPONSE)
  t.same(reply?.answers, [])
  const edns = { type: 'OPT', name: '.', udpPayloadSize: 4096, flags: 0, options: [] } as unknown as packet.Answer
  t.equal(ask('many.default', 'A', 'udp', [edns]).reply?.answers?.length, 60)
  t.equal(ask('many.default', 'A', 'tcp').reply?.answers?.length, 60)
})

t.test('an alias within the mesh is followed; one to the outside is completed by what the outside says', async (t) => {
  t.match(ask('inner.default', 'A').reply?.answers, [
    { type: 'CNAME', data: 'reviews.default.svc.cluster.local' },
    { type: 'A', name: 'reviews.default.svc.cluster.local', data: '10.96.0.20' },
  ])
  const { answer } = ask('docs.default', 'A')
  if (answer.is !== 'alias') return t.fail('expected an alias')
  t.match(packet.decode(aliasQuery(answer, 7)), { id: 7, questions: [{ name: 'docs.example.org', type: 'A' }] })
  const upstream = packet.encode({
    type: 'response',
    id: 7,
    questions: [{ type: 'A', name: 'docs.example.org' }],
    answers: [{ type: 'A', name: 'docs.example.org', data: '192.0.2.1', ttl: 60 }],
  })
  t.match(packet.decode(finishAlias(answer, upstream, 'udp')), {
    id: 4711,
    answers: [
      { type: 'CNAME', name: 'docs.default', data: 'docs.example.org' },
      { type: 'A', name: 'docs.example.org', data: '192.0.2.1' },
    ],
  })
})

t.test('a loop of aliases ends', async (t) => {
  t.equal(ask('loop.default', 'A').answer.is, 'response')
})

t.test('what is not a plain question is somebody else’s', async (t) => {
  t.equal(answerQuery(space, Buffer.from('not a dns message at all'), 'default', 'udp').is, 'forward')
  const update = packet.encode({
    type: 'query',
    id: 1,
    flags: 5 << 11,
    questions: [{ type: 'A', name: 'reviews.default' }],
  })
  t.equal(answerQuery(space, update, 'default', 'udp').is, 'forward')
  t.equal(ask('www.example.com', 'A').answer.is, 'forward')
})

t.test('TCP messages come whole, whatever the pieces', async (t) => {
  const seen: string[] = []
  const take = messagesOf((message) => seen.push(message.toString()))
  const stream = Buffer.concat([
    withLength(Buffer.from('one')),
    withLength(Buffer.from('')),
    withLength(Buffer.from('three')),
  ])
  for (const byte of stream) take(Buffer.from([byte]))
  take(stream)
  t.same(seen, ['one', '', 'three', 'one', '', 'three'])
})

t.test('resolv.conf: at most three servers, and the local host where none is named', async (t) => {
  t.same(nameServers('# x\nsearch a b\nnameserver 192.0.2.1\n nameserver\tfe80::1%eth0\nnameserver bad\n'), [
    '192.0.2.1',
    'fe80::1',
  ])
  t.same(nameServers(''), ['127.0.0.1'])
  t.equal(nameServers('nameserver 1.1.1.1\n'.repeat(5)).length, 3)
})
