/**
 * The inner half of the socket lane's self-test: both ends of some connections on the loopback of a namespace of their
 * own, which is a member for so long. Prints `member?` and waits for a line, then `ok` or what went wrong.
 */
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

const MIB = 1 << 20
const BULK = 64 * MIB
const CHUNK = 256 * 1024
const SMALL = 1000
/** What a reader that does not read may hold up; TCP's own buffers are some of it. */
const BOUND = 48 * MIB

/** Not random, and not the same at any two places near to each other: a swap or a loss shows. */
function patternAt(offset: number, length: number): Buffer {
  const words = new Uint32Array(length / 4)
  for (let i = 0; i < words.length; i++) words[i] = Math.imul(offset / 4 + i + 1, 0x9e3779b1)
  return Buffer.from(words.buffer)
}

async function pair(server: Server): Promise<[Socket, Socket]> {
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  const accepted = once(server, 'connection') as Promise<[Socket]>
  const client = connect({ host: '127.0.0.1', port: address.port, allowHalfOpen: true })
  await once(client, 'connect')
  const [peer] = await accepted
  for (const socket of [client, peer]) {
    socket.setNoDelay(true)
    socket.on('error', () => undefined)
  }
  return [client, peer]
}

async function send(socket: Socket, bytes: number): Promise<void> {
  for (let at = 0; at < bytes; at += CHUNK) {
    if (!socket.write(patternAt(at, Math.min(CHUNK, bytes - at)))) await once(socket, 'drain')
  }
}

/** Reads to the end of the stream, and leaves it open for writing. Rejects at the first wrong byte. */
function check(socket: Socket, bytes: number): Promise<void> {
  let at = 0
  let rest = Buffer.alloc(0)
  return new Promise((resolve, reject) => {
    socket.on('data', (chunk) => {
      const data = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
      const whole = data.length - (data.length % 4)
      if (!data.subarray(0, whole).equals(patternAt(at, whole))) reject(new Error(`wrong bytes after ${at}`))
      at += whole
      rest = Buffer.from(data.subarray(whole))
    })
    socket.on('end', () => {
      const arrived = at + rest.length
      if (arrived === bytes) resolve()
      else reject(new Error(`${arrived} of ${bytes} bytes arrived`))
    })
    socket.on('error', reject)
    socket.resume()
  })
}

/** Small messages to and fro first, so that both directions are joined; then bulk both ways, each half closed by itself. */
async function bothWays(server: Server): Promise<void> {
  const [client, peer] = await pair(server)
  for (let i = 0; i < 20; i++) {
    for (const [from, to] of [
      [client, peer],
      [peer, client],
    ] as const) {
      const message = patternAt(i * SMALL, SMALL)
      from.write(message)
      let got = Buffer.alloc(0)
      while (got.length < SMALL) {
        const part = to.read() as Buffer | null
        if (part === null) await once(to, 'readable')
        else got = Buffer.concat([got, part])
      }
      if (!got.equals(message)) throw new Error(`message ${i} arrived wrong`)
    }
  }
  const upward = send(client, BULK).then(() => client.end())
  const downward = send(peer, BULK).then(() => peer.end())
  await Promise.all([upward, downward, check(client, BULK), check(peer, BULK)])
}

/** The answer comes after the question's end: it must reach a client that reads late. */
async function halfClose(server: Server): Promise<void> {
  const [client, peer] = await pair(server)
  client.end(patternAt(0, SMALL))
  await check(peer, SMALL)
  peer.end(patternAt(0, 100 * SMALL))
  await sleep(50)
  await check(client, 100 * SMALL)
}

async function reset(server: Server): Promise<void> {
  const [client, peer] = await pair(server)
  client.write('x')
  await once(peer, 'readable')
  const failed = once(client, 'error')
  client.resume()
  peer.resetAndDestroy()
  const [error] = (await failed) as [NodeJS.ErrnoException]
  if (error.code !== 'ECONNRESET') throw new Error(`a reset showed as ${error.code}`)
}

/** Nobody reads: the sender must be held up, and then nothing may be missing. */
async function slowReader(server: Server): Promise<void> {
  const [client, peer] = await pair(server)
  peer.pause()
  const sending = send(client, BULK).then(() => client.end())
  await sleep(200)
  const taken = client.bytesWritten - client.writableLength
  if (taken > BOUND) throw new Error(`${taken} bytes were taken from a sender whose receiver does not read`)
  await Promise.all([sending, check(peer, BULK)])
  peer.end()
}

async function main(): Promise<void> {
  execFileSync('ip', ['link', 'set', 'lo', 'up'])
  process.stdout.write('member?\n')
  await once(process.stdin, 'data')
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: false })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  for (const [name, test] of Object.entries({ bothWays, halfClose, reset, slowReader })) {
    try {
      await test(server)
    } catch (error) {
      throw new Error(`${name}: ${error instanceof Error ? error.message : String(error)}`)
    }
  }
}

main().then(
  () => {
    process.stdout.write('ok\n')
    process.exit(0)
  },
  (error: unknown) => {
    process.stdout.write(`${error instanceof Error ? error.message : String(error)}\n`)
    process.exit(1)
  },
)
