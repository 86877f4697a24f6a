/** Who is behind an id: for telemetry, dumps and bug reports. */
import { addressText } from '../abi/address.ts'
import { maps } from '../abi/layouts.generated.ts'
import { unpack } from '../abi/packed.ts'
import type { Workload } from '../model/workload.ts'
import type { Fragment, ServiceName } from './fragment.ts'

export interface Directory {
  readonly service: (id: bigint) => ServiceName | undefined
  readonly workload: (id: bigint) => Workload | undefined
  /** The first call for one result looks through all endpoints: for people, not for every packet. */
  readonly endpoint: (id: bigint) => EndpointName | undefined
}

export interface EndpointName {
  readonly address: string
  readonly port: number
  /** 0: not known */
  readonly workload: bigint
}

export const EMPTY_DIRECTORY: Directory = {
  service: () => undefined,
  workload: () => undefined,
  endpoint: () => undefined,
}

export function createDirectory(
  names: ReadonlyMap<bigint, ServiceName>,
  workload: (id: bigint) => Workload | undefined,
  fragments: readonly Fragment[],
): Directory {
  let endpoints: ReadonlyMap<bigint, EndpointName> | undefined
  return {
    service: (id) => names.get(id),
    workload,
    endpoint: (id) => {
      endpoints ??= nameEndpoints(fragments)
      return endpoints.get(id)
    },
  }
}

function nameEndpoints(fragments: readonly Fragment[]): ReadonlyMap<bigint, EndpointName> {
  const endpoints = new Map<bigint, EndpointName>()
  for (const { sets } of fragments) {
    for (const { slots } of sets) {
      for (const [, { endpoint, ip, port, workload }] of unpack(maps.slots, slots)) {
        if (endpoint !== 0n) endpoints.set(endpoint, { address: addressText(ip), port, workload })
      }
    }
  }
  return endpoints
}
