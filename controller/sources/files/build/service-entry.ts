/** One host of a ServiceEntry as a service of the mesh. */
import type { Problem } from '../../../model/problem.ts'
import type { Endpoint, Service } from '../../../model/service.ts'
import type { AutomaticAddress } from '../automatic-address.ts'
import type { ServiceEntryResource } from '../service-entry.ts'
import { type BuiltService, familiesOf, pickFamilies, RANGE_FULL } from './service.ts'

/** NONE: connections go where the client sends them, so there is nothing to choose and no address to take over. */
export function lacksEntryAddress(entry: ServiceEntryResource, host: string): boolean {
  return entry.resolution !== 'NONE' && entry.addresses.length === 0 && !host.startsWith('*')
}

/** @returns undefined: nothing is known about this host but that clients may ask for it */
export function buildEntryService(
  entry: ServiceEntryResource,
  host: string,
  endpoints: readonly Endpoint[],
  automatic: AutomaticAddress | undefined,
): BuiltService | undefined {
  const passedOn = entry.resolution === 'NONE'
  if (passedOn && entry.addresses.length === 0) return undefined
  const lacks = lacksEntryAddress(entry, host)
  const own = lacks ? pickFamilies(automatic, familiesOf(endpoints)) : entry.addresses
  const virtual = passedOn ? [] : own
  const service: Service = {
    resource: entry.resource,
    place: entry.place,
    namespace: entry.namespace,
    name: host,
    hostname: host,
    addresses: virtual.map((address) => ({ scope: 'cluster', address })),
    // Without an address of its own a name can only stand for the endpoints.
    headless: passedOn || (own.length === 0 && !lacks),
    ports: entry.ports,
    endpoints: passedOn ? entry.addresses.map((address) => addressItself(entry, address)) : endpoints,
    internalTrafficPolicy: 'Cluster',
    externalTrafficPolicy: 'Cluster',
    publishNotReadyAddresses: false,
    socketLane: true,
  }
  return { service, problems: lacks && own.length === 0 ? [fullProblem(entry)] : [] }
}

function fullProblem({ resource, place }: ServiceEntryResource): Problem {
  return { severity: 'error', resource, field: 'spec.addresses', message: RANGE_FULL, place }
}

/** The host resolves to the addresses that were written down for it. */
function addressItself({ ports }: ServiceEntryResource, address: string): Endpoint {
  return {
    address,
    ports: new Map(ports.map(({ name, port }) => [name, port])),
    ready: true,
    serving: true,
    terminating: false,
    node: '',
    locality: { region: '', zone: '', subzone: '' },
    hintZones: [],
    hintNodes: [],
    weight: 1,
    labels: {},
  }
}
