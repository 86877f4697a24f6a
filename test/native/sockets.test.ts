/** Sockets in maps: sockmap programs, and socket storage listed by an iterator. */

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import t, { type Test } from 'tap'
import { type BpfObject, native } from '../../native/index.ts'
import { needsRoot, openTestObject, ownCgroup, u32 } from './places.ts'

const SK_MSG_VERDICT = 7
const RECORD_BYTES = 4096

/** In the cgroup: a connection to itself over which 1000 bytes go; both ends are open when it says so. */
const TALK = `
  const { createServer, connect } = require('node:net')
  let received = 0
  const server = createServer((socket) => socket.on('data', (data) => {
    received += data.length
    if (received === 1000) console.log(server.address().port, client.localPort)
  }))
  let client
  server.listen(0, '127.0.0.1', () => {
    client = connect(server.address().port, '127.0.0.1', () => client.write(Buffer.alloc(1000)))
  })
  setTimeout(() => {}, 600000)
`

const MANY_SOCKETS = `
  let open = 0
  for (let port = 1; port <= 50; port++) {
    require('node:dgram').createSocket('udp4').connect(port, '127.0.0.1', () => {
      if (++open === 50) console.log('ready')
    })
  }
  setTimeout(() => {}, 600000)
`

/** Runs a script in the cgroup, to the end of the test. @returns its first line */
async function runIn(t: Test, cgroup: string, script: string): Promise<string> {
  const join = `echo 0 > ${cgroup}/cgroup.procs && exec "$0" -e "$1"`
  const child = spawn('sh', ['-c', join, process.execPath, script], { stdio: ['ignore', 'pipe', 'inherit'] })
  const closed = once(child, 'close')
  t.teardown(async () => {
    child.kill('SIGKILL')
    await closed
  })
  const [line] = (await once(child.stdout, 'data')) as [Buffer]
  return line.toString()
}

/** @returns the ports of both ends, while the connection is open */
async function openConnection(t: Test, cgroup: string): Promise<{ server: number; client: number }> {
  const [server, client] = (await runIn(t, cgroup, TALK)).split(' ').map(Number)
  return { server: Number(server), client: Number(client) }
}

function loadSockets(t: Test, cgroup: string): BpfObject {
  const object = openTestObject(t, 'sockets')
  object.load()
  const links = [
    native().attachLink(object.program('sockets_connect4'), { path: cgroup }, 10),
    native().attachLink(object.program('sockets_established'), { path: cgroup }, 3),
  ]
  t.teardown(() => {
    for (const link of links) link.close()
  })
  return object
}

t.test('a program attached to a sockmap sees what its sockets send', needsRoot, async (t) => {
  const cgroup = ownCgroup(t)
  const object = loadSockets(t, cgroup)
  const [program, sockets] = [object.program('sockets_sent'), object.map('established')]
  native().attachProgram(program, sockets, SK_MSG_VERDICT)
  const { client } = await openConnection(t, cgroup)
  t.equal(object.map('sent_bytes').lookup(u32(0))?.readBigUInt64LE(), 1000n)

  t.equal(sockets.count(), 1)
  const { keys, values } = sockets.dump()
  t.equal(Buffer.from(keys).readUInt32LE(), client)
  t.ok(Buffer.from(values).readBigUInt64LE() > 0n, 'user space sees a cookie')

  native().detachProgram(program, sockets, SK_MSG_VERDICT)
  t.throws(() => native().detachProgram(program, sockets, SK_MSG_VERDICT), {
    code: 'ENOENT',
    syscall: 'bpf_prog_detach',
  })
  await openConnection(t, cgroup)
  t.equal(object.map('sent_bytes').lookup(u32(0))?.readBigUInt64LE(), 1000n)
})

t.test('a link to a sockmap, where the kernel has it', needsRoot, async (t) => {
  const cgroup = ownCgroup(t)
  const object = loadSockets(t, cgroup)
  const target = { map: object.map('established') }
  try {
    const link = native().attachLink(object.program('sockets_sent'), target, SK_MSG_VERDICT)
    await openConnection(t, cgroup)
    t.equal(object.map('sent_bytes').lookup(u32(0))?.readBigUInt64LE(), 1000n)
    link.close()
    native().attachProgram(object.program('sockets_sent'), target.map, SK_MSG_VERDICT)
    native().detachProgram(object.program('sockets_sent'), target.map, SK_MSG_VERDICT)
  } catch (error) {
    t.match(error, { code: 'EINVAL', syscall: 'bpf_link_create', message: /established/ })
    t.pass('sockmap link', { skip: 'this kernel has no links to sockmaps (6.10)' })
  }
})

/** The targets that the iterator lists, in order. */
function listTargets(object: BpfObject): readonly number[] {
  const listed = native().iterate(object.program('sockets_targets'), object.map('targets'))
  return Array.from({ length: listed.length / RECORD_BYTES }, (_, index) =>
    Number(listed.readBigUInt64LE(RECORD_BYTES * index)),
  ).sort((a, b) => a - b)
}

t.test('an iterator lists what is stored with sockets', needsRoot, async (t) => {
  const cgroup = ownCgroup(t)
  const object = loadSockets(t, cgroup)
  t.same(listTargets(object), [])
  const ports = [await openConnection(t, cgroup), await openConnection(t, cgroup)].map(({ server }) => server)
  t.same(
    listTargets(object),
    ports.sort((a, b) => a - b),
  )
  t.throws(() => native().iterate(object.program('sockets_targets')), { syscall: 'bpf_link_create', code: 'EBADF' })
  t.throws(() => native().iterate(object.program('sockets_sent')), { code: 'EINVAL' })
})

t.test('an iterator is read to its end', needsRoot, async (t) => {
  const cgroup = ownCgroup(t)
  const object = loadSockets(t, cgroup)
  await runIn(t, cgroup, MANY_SOCKETS)
  t.same(
    listTargets(object),
    Array.from({ length: 50 }, (_, index) => index + 1),
    'more than the 64 KiB of one read',
  )
})
