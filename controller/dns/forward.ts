/**
 * Asks a member's own name servers, from inside its network namespace. Responses are passed on as they are.
 */
import { randomInt } from 'node:crypto'
import type { Socket as DatagramSocket, RemoteInfo } from 'node:dgram'
import { isIPv6 } from 'node:net'
import { messagesOf, withLength } from './framing.ts'
import { type OpenSocket, tcpConnection, udpSocket } from './sockets.ts'

const DNS_PORT = 53

/** resolv.conf(5): `timeout` is 5 s by default; the client gives up then, so a second server must be tried before. */
const TRY_MS = 2000

interface Pending {
  readonly server: string
  readonly question: Buffer
  readonly done: (reply: Buffer) => void
}

/** Bytes of the question section, in lower case: a reply that repeats another question is not an answer to ours. */
function questionOf(message: Buffer): Buffer {
  let at = 12
  while (at < message.length && message[at] !== 0) at += (message[at] ?? 0) + 1
  return Buffer.from(
    message
      .subarray(12, at + 5)
      .toString('latin1')
      .toLowerCase(),
    'latin1',
  )
}

export class Forwarder {
  readonly #open: OpenSocket
  readonly #servers: readonly string[]
  readonly #pending = new Map<number, Pending>()
  readonly #sockets = new Map<'udp4' | 'udp6', Promise<DatagramSocket>>()
  #closed = false

  constructor(open: OpenSocket, servers: readonly string[]) {
    this.#open = open
    this.#servers = servers
  }

  /** @returns undefined when no server answered in time: the client's resolver then does what it would have done */
  async ask(query: Buffer, transport: 'udp' | 'tcp'): Promise<Buffer | undefined> {
    for (const server of this.#servers) {
      if (this.#closed) return undefined
      try {
        const reply = transport === 'udp' ? await this.#askUdp(server, query) : await this.#askTcp(server, query)
        if (reply !== undefined) return reply
      } catch {
        // No socket of that family, or no route to that server: the next one may do.
      }
    }
    return undefined
  }

  async #askUdp(server: string, query: Buffer): Promise<Buffer | undefined> {
    const socket = await this.#socket(isIPv6(server) ? 'udp6' : 'udp4')
    const id = this.#freeId()
    const wire = Buffer.from(query)
    wire.writeUInt16BE(id, 0)
    return await new Promise<Buffer | undefined>((resolve, reject) => {
      const timer = setTimeout(() => end(undefined), TRY_MS)
      const end = (reply: Buffer | undefined): void => {
        clearTimeout(timer)
        this.#pending.delete(id)
        resolve(reply)
      }
      this.#pending.set(id, {
        server,
        question: questionOf(query),
        done: (reply) => {
          const own = Buffer.from(reply)
          own.writeUInt16BE(query.readUInt16BE(0), 0)
          end(own)
        },
      })
      socket.send(wire, DNS_PORT, server, (error) => {
        if (error === null) return
        end(undefined)
        reject(error)
      })
    })
  }

  async #askTcp(server: string, query: Buffer): Promise<Buffer | undefined> {
    const connection = tcpConnection(this.#open, server, DNS_PORT)
    return await new Promise<Buffer | undefined>((resolve) => {
      const end = (reply: Buffer | undefined): void => {
        connection.destroy()
        resolve(reply)
      }
      connection.setTimeout(TRY_MS, () => end(undefined))
      connection.on('error', () => end(undefined))
      connection.on('close', () => end(undefined))
      connection.on('data', messagesOf(end))
      connection.write(withLength(query))
    })
  }

  #freeId(): number {
    for (;;) {
      const id = randomInt(0x10000)
      if (!this.#pending.has(id)) return id
    }
  }

  #socket(family: 'udp4' | 'udp6'): Promise<DatagramSocket> {
    let made = this.#sockets.get(family)
    if (made === undefined) {
      made = udpSocket(this.#open, family === 'udp4' ? '0.0.0.0' : '::', 0).then((socket) => {
        socket.on('message', (message, from) => this.#take(message, from))
        socket.on('error', () => undefined) // ICMP errors; the timer moves on to the next server
        socket.unref()
        return socket
      })
      made.catch(() => this.#sockets.delete(family))
      this.#sockets.set(family, made)
    }
    return made
  }

  #take(message: Buffer, from: RemoteInfo): void {
    if (message.length < 12) return
    const pending = this.#pending.get(message.readUInt16BE(0))
    // Anybody can send to this port: only the server that was asked, with the question that was asked, counts.
    if (pending === undefined || from.address !== pending.server || from.port !== DNS_PORT) return
    if (questionOf(message).equals(pending.question)) pending.done(message)
  }

  close(): void {
    this.#closed = true
    for (const made of this.#sockets.values()) void made.then((socket) => socket.close()).catch(() => undefined)
    this.#sockets.clear()
  }
}
