/**
 * What a process inside a lab can be told to do: serve as endpoints, connect, send datagrams.
 * Runs in the process that agent.ts starts; every result and argument can be sent as JSON.
 */
import { createSocket, type Socket as DatagramSocket } from 'node:dgram'
import { once } from 'node:events'
import { createServer, type Server, type Socket, connect as tcpConnect } from 'node:net'
import { native } from '../../native/index.ts'

const PATIENCE_MS = 5000 * Number(process.env['KMESH_TIME_SCALE'] ?? 1)

export interface Served {
  readonly address: string
  readonly port: number
  /** what a client is told: over TCP as the first line, over UDP as the reply to every datagram */
  readonly name: string
}

/** A TCP server of known byte counts: reads, then writes, then perhaps ends. */
export interface Exchange {
  readonly address: string
  readonly port: number
  readonly reads: number
  readonly writes: number
  /** the server ends the connection first */
  readonly ends: boolean
}

/** `error` is the errno's name. */
export type Connected = { readonly server: string; readonly peer: string } | { readonly error: string }
export type Reply = { readonly text: string; readonly from: string } | { readonly error: string }

const servers = new Map<string, (Server | DatagramSocket)[]>()
const datagrams = new Map<number, DatagramSocket>()
const held = new Map<number, Socket>()
let numbers = 0

const codeOf = (error: unknown) => (error instanceof Error && 'code' in error ? String(error.code) : String(error))
const at = (address: string | undefined, port: number | undefined) => `${address}|${port}`

function datagram(id: number): DatagramSocket {
  const socket = datagrams.get(id)
  if (socket === undefined) throw new Error(`no datagram socket ${id}`)
  return socket
}

/** Connects and waits for what `take` makes of it. The socket is destroyed, but for those that are held. */
async function connectTo<T>(address: string, port: number, take: (socket: Socket) => Promise<T>): Promise<T> {
  const socket = tcpConnect({ host: address, port })
  const timer = setTimeout(() => socket.destroy(new Error('timed out')), PATIENCE_MS)
  try {
    await once(socket, 'connect')
    return await take(socket)
  } finally {
    clearTimeout(timer)
    if (![...held.values()].includes(socket)) socket.destroy()
  }
}

async function listen(key: string, server: Server | DatagramSocket): Promise<void> {
  await once(server, 'listening')
  servers.set(key, [...(servers.get(key) ?? []), server])
}

export const calls = {
  async serve(endpoints: readonly Served[]): Promise<void> {
    for (const { address, port, name } of endpoints) {
      const tcp = createServer((socket) => socket.on('error', () => undefined).end(`${name}\n`))
      tcp.listen({ host: address, port, backlog: 4096 })
      await listen(at(address, port), tcp)
      const udp = createSocket(address.includes(':') ? 'udp6' : 'udp4')
      udp.on('message', (_, from) => udp.send(name, from.port, from.address))
      udp.bind(port, address)
      await listen(at(address, port), udp)
    }
  },

  async serveExchange({ address, port, reads, writes, ends }: Exchange): Promise<void> {
    const server = createServer({ allowHalfOpen: true }, (socket) => {
      let left = reads
      socket.on('error', () => undefined)
      socket.on('data', (chunk) => {
        left -= chunk.length
        if (left === 0) ends ? socket.end(Buffer.alloc(writes)) : socket.write(Buffer.alloc(writes))
      })
      socket.on('end', () => socket.end())
    })
    server.listen({ host: address, port })
    await listen(at(address, port), server)
  },

  async stopServing(address: string, port: number): Promise<void> {
    for (const server of servers.get(at(address, port)) ?? []) {
      await new Promise<void>((resolve) => void server.close(() => resolve()))
    }
    servers.delete(at(address, port))
  },

  /** One TCP connection to one of `serve`'s endpoints. */
  async connect(address: string, port: number): Promise<Connected> {
    try {
      return await connectTo(address, port, async (socket) => {
        const peer = at(socket.remoteAddress, socket.remotePort)
        const [line] = await once(socket, 'data')
        return { server: String(line).trim(), peer }
      })
    } catch (error) {
      return { error: codeOf(error) }
    }
  },

  /** @returns how often each server (or error) came */
  async connectMany(address: string, port: number, count: number, width: number): Promise<Record<string, number>> {
    const seen: Record<string, number> = {}
    let left = count
    const worker = async (): Promise<void> => {
      while (left-- > 0) {
        const result = await calls.connect(address, port)
        const name = 'error' in result ? result.error : result.server
        seen[name] = (seen[name] ?? 0) + 1
      }
    }
    await Promise.all(Array.from({ length: width }, worker))
    return seen
  },

  /** One TCP connection that is kept. @returns its number */
  async hold(address: string, port: number): Promise<number> {
    return await connectTo(address, port, async (socket) => {
      held.set(++numbers, socket)
      return numbers
    })
  },

  /** A TCP connection over loopback whose own end has the given port. @returns its number */
  async holdPort(localPort: number): Promise<number> {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const address = server.address()
    const port = typeof address === 'object' ? (address?.port ?? 0) : 0
    const socket = tcpConnect({ host: '127.0.0.1', port, localAddress: '127.0.0.1', localPort })
    await once(socket, 'connect')
    server.close()
    held.set(++numbers, socket)
    return numbers
  },

  async exchange(id: number, writes: number, reads: number): Promise<void> {
    const socket = held.get(id)
    if (socket === undefined) throw new Error(`no connection ${id}`)
    let left = reads
    const done = new Promise<void>((resolve, reject) => {
      socket.on('error', reject).on('data', (chunk) => {
        left -= chunk.length
        if (left === 0) resolve()
      })
    })
    socket.write(Buffer.alloc(writes))
    if (reads > 0) await done
  },

  /** end: sends its FIN first; answer: waits for the peer's; reset: sends RST */
  async release(id: number, how: 'end' | 'reset' | 'answer'): Promise<void> {
    const socket = held.get(id)
    if (socket === undefined) throw new Error(`no connection ${id}`)
    held.delete(id)
    if (socket.closed) return
    const closed = once(socket, 'close')
    if (how === 'reset') socket.resetAndDestroy()
    else if (how === 'end') socket.resume().end()
    else socket.resume()
    await closed
  },

  /** @returns its number */
  async openDatagram(kind: 'udp4' | 'udp6'): Promise<number> {
    const socket = createSocket(kind)
    socket.bind(0)
    await once(socket, 'listening')
    socket.on('error', () => undefined)
    datagrams.set(++numbers, socket)
    return numbers
  },

  /** As the daemon opens sockets in a member's network namespace. @returns its number */
  async openMarkedDatagram(): Promise<number> {
    const socket = createSocket('udp4')
    const listening = once(socket, 'listening')
    socket.bind({ fd: native().socketIn('/proc/self/ns/net', 'udp', '0.0.0.0', 0) })
    await listening
    datagrams.set(++numbers, socket)
    return numbers
  },

  /** @returns what getpeername(2) says */
  async connectDatagram(id: number, address: string, port: number): Promise<{ peer: string } | { error: string }> {
    const socket = datagram(id)
    return await new Promise((resolve) => {
      socket.connect(port, address, (error?: Error) => {
        if (error !== undefined) return resolve({ error: codeOf(error) })
        const peer = socket.remoteAddress()
        resolve({ peer: at(peer.address, peer.port) })
      })
    })
  },

  /** Opens and connects many, one after the other. */
  async connectDatagrams(address: string, port: number, count: number): Promise<void> {
    for (let i = 0; i < count; i++) {
      const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4')
      datagrams.set(++numbers, socket)
      socket.connect(port, address)
      await once(socket, 'connect')
    }
  },

  async disconnectDatagram(id: number): Promise<void> {
    datagram(id).disconnect()
  },

  /** Sends one datagram (to where the socket is connected, without an address) and waits for one. */
  async ask(id: number, address?: string, port?: number): Promise<Reply> {
    const socket = datagram(id)
    return await new Promise((resolve) => {
      const finish = (reply: Reply): void => {
        clearTimeout(timer)
        socket.off('message', take).off('error', fail)
        resolve(reply)
      }
      const take = (text: Buffer, from: { address: string; port: number }): void =>
        finish({ text: String(text), from: at(from.address, from.port) })
      const fail = (error: Error): void => finish({ error: codeOf(error) })
      const timer = setTimeout(() => finish({ error: 'timed out' }), PATIENCE_MS)
      socket.once('message', take).once('error', fail)
      const sent = (error: Error | null): void => void (error !== null && fail(error))
      if (address === undefined) socket.send('?', sent)
      else socket.send('?', port, address, sent)
    })
  },

  async closeDatagrams(): Promise<void> {
    for (const socket of datagrams.values()) socket.close()
    datagrams.clear()
  },
}

export type Calls = typeof calls
