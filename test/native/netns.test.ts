/** Network namespaces: cookies, sockets made inside, connects as another process would make them. */
import { spawn } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { readlinkSync } from 'node:fs'
import { connect, createServer, Socket } from 'node:net'
import t, { type Test } from 'tap'
import { native } from '../../native/index.ts'
import { needsRoot, openTestObject, outputOf, ownCgroup, ownNetns } from './places.ts'

const OWN = '/proc/self/ns/net'

/** undefined, and the test skipped, on kernels before 5.14. */
function cookieOf(t: Test, netns: string): bigint | undefined {
  try {
    return native().netnsCookie(netns)
  } catch (error) {
    t.match(error, { code: 'ENOPROTOOPT', syscall: 'getsockopt' })
    t.pass('cookie', { skip: 'this kernel has no SO_NETNS_COOKIE (5.14)' })
    return undefined
  }
}

t.test('a namespace has a cookie of its own', needsRoot, async (t) => {
  const own = cookieOf(t, OWN)
  if (own === undefined) return
  const [one, other] = [await ownNetns(t), await ownNetns(t)]
  const cookies = [own, native().netnsCookie(one), native().netnsCookie(other)]
  t.equal(new Set(cookies).size, 3)
  t.same([OWN, one, other].map(native().netnsCookie), cookies, 'and keeps it')

  const python = 'import socket; s = socket.socket(); print(int.from_bytes(s.getsockopt(1, 71, 8), "little"))'
  const seenInside = await outputOf('nsenter', [`--net=${one}`, 'python3', '-c', python]).catch(() => undefined)
  if (seenInside === undefined) t.pass('SO_NETNS_COOKIE', { skip: 'needs python3' })
  else t.equal(BigInt(seenInside.trim()), cookies[1], 'the one that a socket inside is told')
})

t.test('what is not a network namespace is refused', needsRoot, (t) => {
  t.throws(() => native().netnsCookie('/nowhere'), { code: 'ENOENT', syscall: 'open', message: /\/nowhere/ })
  t.throws(() => native().netnsCookie('/proc/self/ns/uts'), { code: 'EINVAL', syscall: 'setns' })
  t.throws(() => native().netnsCookie('/proc/self/status'), { code: 'EINVAL', syscall: 'setns' })
  t.end()
})

t.test('the process stays where it is', needsRoot, async (t) => {
  const before = readlinkSync(OWN)
  const netns = await ownNetns(t)
  native().closeFd(native().socketIn(netns, 'tcp', '127.0.0.1', 8080))
  native().probeConnect(netns, ownCgroup(t), '127.0.0.1', 9)
  t.equal(readlinkSync(OWN), before)
  t.not(readlinkSync(netns), before)
})

t.test('a listener inside a namespace is reached from there only', needsRoot, async (t) => {
  const netns = await ownNetns(t)
  for (const [address, port] of [
    ['127.0.0.1', 18080],
    ['::1', 18081],
  ] as const) {
    const fd = native().socketIn(netns, 'tcp', address, port)
    const server = createServer((socket) => socket.end('from outside'))
    server.listen({ fd })
    await once(server, 'listening')
    const script = `require('node:net').connect(${port}, '${address}').pipe(process.stdout)`
    t.equal(await outputOf('nsenter', [`--net=${netns}`, process.execPath, '-e', script]), 'from outside')
    const [error] = (await once(connect(port, address), 'error')) as [NodeJS.ErrnoException]
    t.equal(error.code, 'ECONNREFUSED')
    t.throws(() => native().socketIn(netns, 'tcp', address, port), { code: 'EADDRINUSE', syscall: 'bind' })
    server.close()
  }
})

t.test('a datagram socket inside a namespace answers', needsRoot, async (t) => {
  const netns = await ownNetns(t)
  const socket = createSocket('udp4')
  socket.bind({ fd: native().socketIn(netns, 'udp', '127.0.0.1', 18053) })
  socket.on('message', (message, from) => socket.send(`${message} back`, from.port, from.address))
  const script = `
    const socket = require('node:dgram').createSocket('udp4')
    socket.on('message', (message) => { process.stdout.write(message); socket.close() })
    socket.send('there and', 18053, '127.0.0.1')`
  t.equal(await outputOf('nsenter', [`--net=${netns}`, process.execPath, '-e', script]), 'there and back')
  socket.close()
})

t.test('a connection from inside a namespace reaches a listener there', needsRoot, async (t) => {
  const netns = await ownNetns(t)
  const server = createServer((socket) => socket.pipe(socket))
  server.listen({ fd: native().socketIn(netns, 'tcp', '127.0.0.1', 18080) })
  await once(server, 'listening')
  const client = new Socket({ fd: native().socketIn(netns, 'connect', '127.0.0.1', 18080) })
  client.end('and back')
  const [answer] = (await once(client, 'data')) as [Buffer]
  t.equal(answer.toString(), 'and back')
  await once(client, 'close')
  server.close()
  t.throws(() => native().socketIn(netns, 'connect', '192.0.2.1', 1), { code: 'ENETUNREACH', syscall: 'connect' })
})

t.test('addresses and ports that are none are refused', needsRoot, (t) => {
  const { socketIn } = native()
  t.throws(() => socketIn(OWN, 'tcp', 'localhost', 1), { name: 'TypeError', message: 'localhost is not an IP address' })
  t.throws(() => socketIn(OWN, 'tcp', '127.0.0.1', 65536), RangeError)
  t.throws(() => socketIn(OWN, 'sctp' as 'tcp', '127.0.0.1', 1), TypeError)
  t.throws(() => socketIn(OWN, 'tcp', '192.0.2.1', 18080), { code: 'EADDRNOTAVAIL', syscall: 'bind' })
  t.end()
})

t.test('a probe is seen by the hook, in its cgroup and namespace', needsRoot, async (t) => {
  const addon = native()
  const [cgroup, elsewhere, netns] = [ownCgroup(t), ownCgroup(t), await ownNetns(t)]
  const object = openTestObject(t, 'witness')
  object.load()
  const link = addon.attachLink(object.program('witness_connect4'), { path: cgroup }, 10)
  const reports: Buffer[] = []
  const ring = addon.ringBuffer(object.map('reports'), (record) => reports.push(record), 3_600_000)
  t.teardown(() => {
    ring.close()
    link.close()
  })
  addon.probeConnect(undefined, elsewhere, '127.0.0.1', 1)
  addon.probeConnect(undefined, cgroup, '127.0.0.1', 2)
  addon.probeConnect(netns, cgroup, '127.0.0.2', 3)
  t.equal(ring.consume(), 2)
  t.same(
    reports.map((report) => report.readUInt16BE(16)),
    [2, 3],
  )
  t.same(reports[1]?.subarray(12, 16), Buffer.from([127, 0, 0, 2]))
  const cookies = reports.map((report) => report.readBigUInt64LE(0))
  t.not(cookies[0], cookies[1])
  const own = cookieOf(t, OWN)
  if (own !== undefined) t.same(cookies, [own, addon.netnsCookie(netns)], 'the cookies are those of user space')
})

t.test('a probe that fails says where', needsRoot, async (t) => {
  const { probeConnect } = native()
  const [cgroup, netns] = [ownCgroup(t), await ownNetns(t)]
  t.throws(() => probeConnect(undefined, '/nowhere', '127.0.0.1', 1), { code: 'ENOENT', syscall: 'open' })
  t.throws(() => probeConnect('/nowhere', cgroup, '127.0.0.1', 1), { code: 'ENOENT', syscall: 'open' })
  t.throws(() => probeConnect('/proc/self/ns/uts', cgroup, '127.0.0.1', 1), { code: 'EINVAL', syscall: 'setns' })
  t.throws(() => probeConnect(netns, cgroup, '192.0.2.1', 1), { code: 'ENETUNREACH', syscall: 'connect' })
  probeConnect(netns, cgroup, '::1', 1)
})

t.test('a signal during a probe reaches this process, and not twice', needsRoot, async (t) => {
  const cgroup = ownCgroup(t)
  let signals = 0
  const count = () => signals++
  process.on('SIGUSR2', count)
  const sender = spawn('sh', ['-c', 'for i in 1 2 3; do kill -USR2 "$0"; sleep 0.02; done', String(process.pid)])
  const closed = once(sender, 'close')
  while (sender.exitCode === null) {
    native().probeConnect(undefined, cgroup, '127.0.0.1', 9)
    await new Promise((resolve) => setImmediate(resolve))
  }
  await closed
  await new Promise((resolve) => setTimeout(resolve, 20))
  process.off('SIGUSR2', count)
  t.ok(signals >= 1 && signals <= 3, `${signals} of 3`) // the kernel may join some
})
