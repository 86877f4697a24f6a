/** Transport and application protocols of ports, by Kubernetes' and Istio's rules. */
import type { Protocol } from '../../model/service.ts'
import type { Field } from './field.ts'

/** @returns undefined: a protocol that is not balanced here, reported */
export function readTransport(field: Field): Protocol | undefined {
  const protocol = field.oneOf('TCP', 'UDP', 'SCTP')
  if (protocol !== 'SCTP') return protocol ?? 'TCP'
  field.leaveOut('SCTP is not balanced: this port is left alone')
  return undefined
}

const KUBERNETES: Readonly<Record<string, string>> = {
  'kubernetes.io/h2c': 'http2',
  'kubernetes.io/ws': 'http',
  'kubernetes.io/wss': 'https',
}

const KNOWN = ['http', 'http2', 'grpc', 'grpc-web', 'https', 'tls', 'tcp', 'udp', 'mongo', 'mysql', 'redis']

/** Servers behind these speak first, so nothing may wait for the client's first bytes (SMTP, DNS, MySQL, MongoDB). */
const SERVER_FIRST = [25, 53, 3306, 27017]

/** @returns lower case; empty: unknown */
export function appProtocolOf(appProtocol: string | undefined, portName: string, port: number): string {
  if (appProtocol !== undefined) return KUBERNETES[appProtocol] ?? appProtocol.toLowerCase()
  const name = portName.toLowerCase()
  if (name === 'grpc-web' || name.startsWith('grpc-web-')) return 'grpc-web'
  const prefix = name.split('-', 1)[0] ?? ''
  if (KNOWN.includes(prefix)) return prefix
  return SERVER_FIRST.includes(port) ? 'tcp' : ''
}
