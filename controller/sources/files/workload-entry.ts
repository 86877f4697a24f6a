/** WorkloadEntry (networking.istio.io), and the same fields as ServiceEntries have them inline. */
import type { Locality } from '../../model/locality.ts'
import { canonicalAddress, readAddress } from './address.ts'
import { clip, type Field } from './field.ts'
import type { Metadata } from './metadata.ts'
import { hostFault } from './names.ts'

export interface EntryEndpoint {
  /** IP address, or a host name to be looked up */
  readonly address: string
  readonly byName: boolean
  /** name of a port -> number at this endpoint */
  readonly ports: ReadonlyMap<string, number>
  readonly labels: Readonly<Record<string, string>>
  readonly locality: Locality
  readonly weight: number
  readonly serviceAccount: string
}

export interface WorkloadEntryResource extends Metadata {
  readonly kind: 'WorkloadEntry'
  readonly endpoint: EntryEndpoint
}

const MAX_WEIGHT = 0xffffffff

export function decodeWorkloadEntry(root: Field, metadata: Metadata): WorkloadEntryResource | undefined {
  const endpoint = readEntryEndpoint(root.get('spec').required())
  return endpoint === undefined ? undefined : { ...metadata, kind: 'WorkloadEntry', endpoint }
}

/** @returns undefined: left out, reported */
export function readEntryEndpoint(field: Field): EntryEndpoint | undefined {
  field.only('address', 'ports', 'labels', 'locality', 'weight', 'serviceAccount')
  const ports = new Map<string, number>()
  for (const [name, port] of field.get('ports').entries()) {
    const number = port.required().port()
    if (number !== undefined) ports.set(name, number)
  }
  const labels = field.get('labels').texts()
  const locality = readLocality(field.get('locality'))
  const weight = readWeight(field.get('weight'))
  const serviceAccount = field.get('serviceAccount').text() ?? ''
  const target = readTarget(field.get('address').required())
  return target && { ...target, ports, labels, locality, weight, serviceAccount }
}

function readTarget(field: Field): { address: string; byName: boolean } | undefined {
  const text = field.text()
  if (text === undefined) return undefined
  if (text.startsWith('unix://')) {
    field.leaveOut('is a unix socket: only IP endpoints can be reached')
    return undefined
  }
  const host = text.toLowerCase().replace(/\.$/, '')
  // What looks like an address but is none is no host name either.
  if (canonicalAddress(text) !== undefined || /^[\d.:]+$/.test(text)) {
    const address = readAddress(field)
    return address === undefined ? undefined : { address, byName: false }
  }
  if (host.startsWith('*') || hostFault(host) !== undefined) {
    field.refuse(`"${clip(text)}" is neither an IP address nor a host name`)
    return undefined
  }
  return { address: host, byName: true }
}

/** `region/zone/subzone` */
function readLocality(field: Field): Locality {
  const [region = '', zone = '', subzone = ''] = (field.text() ?? '').split('/')
  return { region, zone, subzone }
}

function readWeight(field: Field): number {
  const weight = field.integer(0, MAX_WEIGHT)
  if (weight === 0) field.warn('0 means "not set" in Istio: 1 is used')
  return weight || 1
}
