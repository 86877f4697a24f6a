/** Sockets of the daemon inside a member's network namespace, wrapped for Node. */
import { createSocket, type Socket as DatagramSocket } from 'node:dgram'
import { createServer, isIPv6, type Server, Socket } from 'node:net'

/**
 * Makes a socket in some namespace: bound (udp), listening (tcp), or on its way to a peer (connect).
 * @returns a descriptor that the caller owns @throws when it cannot
 */
export type OpenSocket = (kind: 'tcp' | 'udp' | 'connect', address: string, port: number) => number

export async function udpSocket(open: OpenSocket, address: string, port: number): Promise<DatagramSocket> {
  const fd = open('udp', address, port)
  const socket = createSocket(isIPv6(address) ? 'udp6' : 'udp4')
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject)
    socket.bind({ fd }, () => {
      socket.off('error', reject)
      resolve()
    })
  })
  return socket
}

export async function tcpServer(
  open: OpenSocket,
  address: string,
  port: number,
  onConnection: (connection: Socket) => void,
): Promise<Server> {
  const fd = open('tcp', address, port)
  const server = createServer(onConnection)
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen({ fd }, () => {
      server.off('error', reject)
      resolve()
    })
  })
  return server
}

/** A connection that may still be under way: writes wait until it stands, failure arrives as `error`. */
export function tcpConnection(open: OpenSocket, address: string, port: number): Socket {
  return new Socket({ fd: open('connect', address, port), readable: true, writable: true })
}
