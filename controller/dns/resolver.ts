/**
 * The daemon's DNS server inside one network namespace: names of the mesh are answered, all others forwarded to the
 * member's own name servers. It listens on the loopback addresses, one port for UDP and TCP and both families.
 */
import type { Socket as DatagramSocket } from 'node:dgram'
import type { Server, Socket } from 'node:net'
import { aliasQuery, answerQuery, finishAlias } from './answer.ts'
import { Forwarder } from './forward.ts'
import { messagesOf, withLength } from './framing.ts'
import type { NameSpace } from './names.ts'
import { type OpenSocket, tcpServer, udpSocket } from './sockets.ts'

/** An idle client of the TCP side is let go after this. */
const TCP_IDLE_MS = 10_000

export interface ResolverOptions {
  readonly open: OpenSocket
  /** the mesh as it is now */
  readonly space: () => NameSpace
  /** of the member; completes names of one label */
  readonly namespace: string
  readonly nameServers: readonly string[]
}

export interface Resolver {
  readonly port: number
  close(): void
}

/** @throws when no port is free on 127.0.0.1 for UDP and TCP; a namespace without IPv6 is served by IPv4 alone */
export async function openResolver(options: ResolverOptions): Promise<Resolver> {
  for (let attempt = 0; ; attempt++) {
    const opened: { close(): unknown }[] = []
    try {
      const port = await listenEverywhere(options, opened)
      return { port, close: () => opened.forEach((socket) => void socket.close()) }
    } catch (error) {
      opened.forEach((socket) => void socket.close())
      // The port that UDP got may be taken by somebody's TCP: draw another.
      if (attempt === 20 || (error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error
    }
  }
}

async function listenEverywhere(options: ResolverOptions, opened: { close(): unknown }[]): Promise<number> {
  const forwarder = new Forwarder(options.open, options.nameServers)
  opened.push(forwarder)
  const first = await udpSocket(options.open, '127.0.0.1', 0)
  opened.push(first)
  const { port } = first.address()
  serveUdp(first, options, forwarder)
  await listenTcp('127.0.0.1')
  try {
    const second = await udpSocket(options.open, '::1', port)
    opened.push(second)
    serveUdp(second, options, forwarder)
    await listenTcp('::1')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') throw error
  }
  return port

  async function listenTcp(address: string): Promise<void> {
    const server = await tcpServer(options.open, address, port, (client) => serveTcp(client, options, forwarder))
    server.unref()
    opened.push(closing(server))
  }
}

function closing(server: Server): { close(): void } {
  const clients = new Set<Socket>()
  server.on('connection', (client: Socket) => {
    clients.add(client)
    client.on('close', () => clients.delete(client))
  })
  return {
    close: () => {
      server.close()
      for (const client of clients) client.destroy()
    },
  }
}

function serveUdp(socket: DatagramSocket, options: ResolverOptions, forwarder: Forwarder): void {
  socket.unref()
  socket.on('error', () => undefined) // a client that went away
  socket.on('message', (query, from) => {
    void answer(query, options, forwarder, 'udp').then((reply) => {
      if (reply !== undefined) socket.send(reply, from.port, from.address, () => undefined)
    })
  })
}

function serveTcp(client: Socket, options: ResolverOptions, forwarder: Forwarder): void {
  client.unref()
  client.setTimeout(TCP_IDLE_MS, () => client.destroy())
  client.on('error', () => client.destroy())
  const take = messagesOf((query) => {
    void answer(query, options, forwarder, 'tcp').then((reply) => {
      if (reply === undefined) client.destroy()
      else client.write(withLength(reply))
    })
  })
  client.on('data', take)
}

async function answer(
  query: Buffer,
  { space, namespace }: ResolverOptions,
  forwarder: Forwarder,
  transport: 'udp' | 'tcp',
): Promise<Buffer | undefined> {
  if (query.length < 12) return undefined
  const answered = answerQuery(space(), query, namespace, transport)
  if (answered.is === 'response') return answered.bytes
  if (answered.is === 'forward') return await forwarder.ask(query, transport)
  const upstream = await forwarder.ask(aliasQuery(answered, query.readUInt16BE(0)), transport)
  try {
    return upstream === undefined ? undefined : finishAlias(answered, upstream, transport)
  } catch {
    return undefined // the upstream server sent no DNS message
  }
}
