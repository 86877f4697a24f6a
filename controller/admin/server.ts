/** Where the admin surface and the metrics listen: a unix socket for kmeshctl, loopback for tools, a port for scrapers. */
import { lstatSync, mkdirSync, unlinkSync } from 'node:fs'
import type { Server } from 'node:http'
import { connect } from 'node:net'
import { dirname } from 'node:path'
import type { AdminApi } from './api.ts'
import { guardLoopback } from './guard.ts'
import { httpServer } from './http.ts'
import { adminRoutes, metricsRoutes } from './routes.ts'

export interface TcpAddress {
  /** absent: every address of the machine */
  readonly host?: string
  readonly port: number
}

export interface Listener {
  /** as bound: the path, or `HOST:PORT` */
  readonly address: string
  close(): Promise<void>
}

type OnFault = (error: unknown) => void

/** @throws Error in one line, for instance where another daemon listens at `path` */
export async function listenUnix(api: AdminApi, path: string, onFault: OnFault): Promise<Listener> {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  await removeStaleSocket(path)
  const server = httpServer({ routes: adminRoutes(api), trusted: true, onFault })
  await listening(server, path, () => {
    // The file is made inside of listen(): there is no moment at which others may connect.
    const mask = process.umask(0o177)
    server.listen(path)
    process.umask(mask)
  })
  return listener(server, path)
}

/** @param address must be a loopback address: who asks is not authenticated */
export async function listenLoopback(api: AdminApi, address: TcpAddress, onFault: OnFault): Promise<Listener> {
  return listenTcp(httpServer({ routes: adminRoutes(api), trusted: false, guard: guardLoopback, onFault }), address)
}

export async function listenMetrics(
  metrics: AdminApi['metrics'],
  address: TcpAddress,
  onFault: OnFault,
): Promise<Listener> {
  return listenTcp(httpServer({ routes: metricsRoutes(metrics), trusted: false, onFault }), address)
}

async function listenTcp(server: Server, { host, port }: TcpAddress): Promise<Listener> {
  await listening(server, `${host ?? ''}:${port}`, () => server.listen(port, host))
  const bound = server.address()
  if (bound === null || typeof bound === 'string') throw new Error('a TCP server has an address')
  return listener(
    server,
    bound.family === 'IPv6' ? `[${bound.address}]:${bound.port}` : `${bound.address}:${bound.port}`,
  )
}

function listening(server: Server, where: string, listen: () => void): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      reject(new Error(`cannot listen on ${where}: ${error.code === 'EADDRINUSE' ? 'already in use' : error.message}`))
    })
    server.once('listening', resolve)
    listen()
  })
}

function listener(server: Server, address: string): Listener {
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
  return { address, close }
}

/** A socket file outlives a killed daemon. It may go only if nobody answers. */
async function removeStaleSocket(path: string): Promise<void> {
  const found = lstatSync(path, { throwIfNoEntry: false })
  if (found === undefined) return
  if (!found.isSocket()) throw new Error(`cannot listen on ${path}: it exists and is not a socket`)
  if (await answers(path)) throw new Error(`cannot listen on ${path}: another kmeshd answers there`)
  unlinkSync(path)
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const socket = connect(path)
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ECONNREFUSED' || error.code === 'ENOENT') resolve(false)
      else reject(new Error(`cannot listen on ${path}: ${error.message}`))
    })
  })
}
