/**
 * One end of a connection that carries a known pattern both ways at once, each direction closed by itself.
 * Arguments: serve|connect ADDRESS PORT MIB. Prints `ready` (serve), then `exact` or what was wrong.
 */
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'

const CHUNK = 1 << 18

/** 32-bit words that differ from their neighbours: a swap, a loss or a repetition shows. */
const words = new Uint32Array(CHUNK / 4)
const bytes = Buffer.from(words.buffer)
const expected = new Uint32Array(CHUNK / 4)

function fill(into: Uint32Array, offset: number): void {
  for (let i = 0; i < into.length; i++) into[i] = Math.imul(offset / 4 + i + 1, 0x9e3779b1)
}

async function send(socket: Socket, total: number): Promise<void> {
  for (let at = 0; at < total; at += CHUNK) {
    fill(words, at)
    if (!socket.write(Buffer.from(bytes))) await once(socket, 'drain')
  }
  socket.end()
}

function receive(socket: Socket, total: number): Promise<void> {
  const want = Buffer.from(expected.buffer)
  let at = 0
  return new Promise((resolve, reject) => {
    socket.on('error', reject)
    socket.on('data', (data) => {
      for (let i = 0; i < data.length; ) {
        const within = at % CHUNK
        if (within === 0) fill(expected, at)
        const length = Math.min(data.length - i, CHUNK - within)
        if (data.compare(want, within, within + length, i, i + length) !== 0) {
          return reject(new Error(`wrong bytes after ${at}`))
        }
        at += length
        i += length
      }
    })
    socket.on('end', () => (at === total ? resolve() : reject(new Error(`${at} of ${total} bytes arrived`))))
  })
}

const [role, address, port, mib] = process.argv.slice(2)
const total = Number(mib) * 2 ** 20

async function exchange(socket: Socket): Promise<void> {
  await Promise.all([send(socket, total), receive(socket, total)])
}

async function main(): Promise<void> {
  if (role === 'connect') {
    const socket = connect({ host: address ?? '', port: Number(port), allowHalfOpen: true })
    await once(socket, 'connect')
    return await exchange(socket)
  }
  const server = createServer({ allowHalfOpen: true }).listen(Number(port), address)
  await once(server, 'listening')
  process.stdout.write('ready\n')
  const [socket] = (await once(server, 'connection')) as [Socket]
  server.close()
  await exchange(socket)
}

main().then(
  () => process.stdout.write('exact\n'),
  (error: unknown) => {
    process.stdout.write(`${error instanceof Error ? error.message : String(error)}\n`)
    process.exitCode = 1
  },
)
