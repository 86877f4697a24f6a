import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import packet from 'dns-packet'
import t from 'tap'
import { lookupBy } from '../../../../controller/sources/files/lookup-host.ts'

const ZONE: readonly packet.Answer[] = [
  { type: 'A', name: 'a.test', ttl: 60, data: '192.0.2.1' },
  { type: 'A', name: 'a.test', ttl: 20, data: '192.0.2.2' },
  { type: 'AAAA', name: 'six.test', ttl: 5, data: '2001:db8::1' },
]
const NXDOMAIN = 3

/** A name server on loopback. */
async function serve(t: { teardown: (undo: () => void) => void }): Promise<string> {
  const socket = createSocket('udp4')
  t.teardown(() => void socket.close())
  socket.on('message', (message, from) => {
    const { id, questions = [] } = packet.decode(message)
    const [question] = questions
    const named = ZONE.filter(({ name }) => name === question?.name)
    const answers = named.filter(({ type }) => type === question?.type)
    const flags = packet.RECURSION_DESIRED | packet.RECURSION_AVAILABLE | (named.length === 0 ? NXDOMAIN : 0)
    socket.send(
      packet.encode({ type: 'response', ...(id !== undefined && { id }), flags, questions, answers }),
      from.port,
      from.address,
    )
  })
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  return `127.0.0.1:${socket.address().port}`
}

t.test('host names are looked up by DNS, each family for itself', async (t) => {
  const look = lookupBy([await serve(t)])
  t.same(await look('a.test', 4), { addresses: ['192.0.2.1', '192.0.2.2'], ttl: 20 })
  t.same(await look('six.test', 6), { addresses: ['2001:db8::1'], ttl: 5 })
  t.match(await look('a.test', 6), { addresses: [] }, 'a name without addresses of a family')
})

// A bare chroot has no such file.
const hosts = existsSync('/etc/hosts') ? readFileSync('/etc/hosts', 'utf8') : ''
const skip = !/^127\.0\.0\.1\s.*\blocalhost\b/m.test(hosts) && 'localhost is not in /etc/hosts'

t.test('what DNS does not know may stand in /etc/hosts', { skip }, async (t) => {
  const look = lookupBy([await serve(t)])
  t.match(await look('localhost', 4), { addresses: ['127.0.0.1'] })
})
