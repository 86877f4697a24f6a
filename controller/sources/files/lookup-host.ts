/** Host names by DNS, and where DNS knows nothing by whatever else this machine resolves names with (/etc/hosts). */
import { lookup, Resolver } from 'node:dns/promises'
import type { Family } from './address.ts'
import type { HostAnswer, LookupHost } from './host-lookups.ts'

/** seconds; answers that are not from DNS have no TTL */
const LOCAL_TTL = 30

/** @param servers instead of those of resolv.conf */
export function lookupBy(servers?: readonly string[]): LookupHost {
  return async (host, family) => {
    try {
      return await askDns(host, family, servers)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENODATA') return { addresses: [], ttl: LOCAL_TTL }
      const found = await lookup(host, { family, all: true })
      return { addresses: found.map(({ address }) => address), ttl: LOCAL_TTL }
    }
  }
}

async function askDns(host: string, family: Family, servers: readonly string[] | undefined): Promise<HostAnswer> {
  // A new one each time: it reads resolv.conf when it is made.
  const resolver = new Resolver({ timeout: 1500, tries: 2 })
  if (servers !== undefined) resolver.setServers(servers)
  const records = await (family === 4 ? resolver.resolve4(host, { ttl: true }) : resolver.resolve6(host, { ttl: true }))
  return { addresses: records.map(({ address }) => address), ttl: Math.min(...records.map(({ ttl }) => ttl)) }
}
