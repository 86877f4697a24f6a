/** What resolv.conf(5) says of name servers. */
import { isIP } from 'node:net'

/** @returns addresses in order, at most three; the local host where none is named, as the C library does */
export function nameServers(text: string): string[] {
  const servers = text.split('\n').flatMap((line) => {
    const [word, address = ''] = line.trim().split(/\s+/)
    const plain = address.replace(/%.*$/, '') // fe80::1%eth0
    return word === 'nameserver' && isIP(plain) !== 0 ? [plain] : []
  })
  return servers.length === 0 ? ['127.0.0.1'] : servers.slice(0, 3)
}
