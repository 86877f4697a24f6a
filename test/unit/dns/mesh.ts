/** A small mesh for DNS tests. */
import { EMPTY_MESH, type Mesh } from '../../../controller/model/mesh.ts'
import type { Endpoint, Service } from '../../../controller/model/service.ts'

export function endpoint(address: string, more: Partial<Endpoint> = {}): Endpoint {
  return {
    address,
    ports: new Map([['http', 8080]]),
    ready: true,
    serving: true,
    terminating: false,
    node: '',
    locality: { region: '', zone: '', subzone: '' },
    hintZones: [],
    hintNodes: [],
    weight: 1,
    labels: {},
    ...more,
  }
}

export function service(namespace: string, name: string, more: Partial<Service> = {}): Service {
  return {
    resource: `Service ${namespace}/${name}`,
    namespace,
    name,
    hostname: `${name}.${namespace}.svc.cluster.local`,
    addresses: [],
    headless: false,
    ports: [{ name: 'http', port: 80, protocol: 'TCP', appProtocol: 'http' }],
    endpoints: [],
    internalTrafficPolicy: 'Cluster',
    externalTrafficPolicy: 'Cluster',
    publishNotReadyAddresses: false,
    socketLane: true,
    ...more,
  }
}

export function meshOf(...services: Service[]): Mesh {
  return { ...EMPTY_MESH, services: new Map(services.map((s) => [`${s.namespace}/${s.hostname}`, s])) }
}
