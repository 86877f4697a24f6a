/** The addresses and ports by which clients ask for a service. */
import { addressBytes } from '../abi/address.ts'
import type { MeshNode } from '../model/mesh.ts'
import type { Service, ServicePort } from '../model/service.ts'
import { isPort } from './endpoints.ts'
import { placeOf, type Report } from './report.ts'

export interface Front {
  readonly address: string
  readonly ip: Uint8Array
  readonly port: number
  /** an external or node address: the internal traffic policy does not apply */
  readonly outside: boolean
}

/** Headless services and aliases have none: their names resolve to something else, which is left alone. */
export function frontsOf(
  service: Service,
  index: number,
  port: ServicePort,
  nodes: ReadonlyMap<string, MeshNode>,
  report: Report,
): Front[] {
  if (service.headless || service.externalName !== undefined) return []
  const fronts: Front[] = []
  const bad = (field: string, message: string) => report({ ...placeOf(service), severity: 'error', field, message })
  const add = (address: string, number: number, outside: boolean, field: string) => {
    const ip = addressBytes(address)
    if (ip === undefined) bad(field, `"${address}" is not an IP address: nothing answers there`)
    else if (!fronts.some((front) => front.address === address && front.port === number)) {
      fronts.push({ address, ip, port: number, outside })
    }
  }

  if (!isPort(port.port)) {
    bad(`spec.ports[${index}].port`, `${port.port} is not within 1 to 65535: the port is left out`)
    return []
  }
  for (const address of service.addresses) {
    if (address.scope !== 'node') add(address.address, port.port, address.scope === 'external', '')
    else if (port.nodePort !== undefined) {
      if (!isPort(port.nodePort)) bad(`spec.ports[${index}].nodePort`, `${port.nodePort} is not within 1 to 65535`)
      else for (const node of nodes.values()) for (const a of node.addresses) add(a, port.nodePort, true, '')
    }
  }
  return fronts
}
