/**
 * Against web pages that aim at the loopback port: a browser sends the name that it believes to talk to
 * (DNS rebinding) and the page that asks (cross-site requests). Both must be this machine's.
 */
import type { IncomingMessage } from 'node:http'

export function guardLoopback(request: IncomingMessage): string | undefined {
  const { host, origin } = request.headers
  if (host === undefined || !isLocal(`http://${host}`)) return 'the Host header must name this machine (localhost)'
  if (origin !== undefined && !isLocal(origin)) return 'requests from other sites are refused'
  if (request.headers['sec-fetch-site'] === 'cross-site') return 'requests from other sites are refused'
  return undefined
}

function isLocal(url: string): boolean {
  if (!URL.canParse(url)) return false
  const { hostname } = new URL(url)
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d+){3}$/.test(hostname)
}
