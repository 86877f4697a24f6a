/**
 * Services that swap addresses while both change: each would have to change after the other's address has moved. So
 * the addresses of one move to a stand-in first, which has its new endpoints already, and later on to itself.
 */
import { encode } from '../abi/codec.ts'
import { maps } from '../abi/layouts.generated.ts'
import { keyBytes, viewOf, wholeOf } from '../abi/packed.ts'
import type { CursorWrite, FrontendWrite, ServiceWrite } from './change.ts'

export interface StandIn {
  readonly service: ServiceWrite
  readonly cursor: CursorWrite
  readonly frontends: readonly FrontendWrite[]
}

/** An id that nobody wants: whoever finds it left over prunes it. */
export function standInId({ id }: ServiceWrite): bigint {
  return BigInt.asUintN(64, ~id)
}

/** @param waiting addresses that shall lead to the service */
export function standInFor(write: ServiceWrite, waiting: readonly FrontendWrite[]): StandIn {
  const { owners } = write
  const id = standInId(write)
  const keys = encode(maps.services.key, id)
  const at = write.entries.from * maps.services.value.size
  const value = { ...maps.services.value.read(viewOf(write.entries.of.values), at), id, idAgain: id }
  return {
    service: { ...write, id, entries: wholeOf({ count: 1, keys, values: encode(maps.services.value, value) }) },
    cursor: {
      table: 'cursors',
      owners,
      id,
      entries: wholeOf({ count: 1, keys, values: new Uint8Array(maps.cursors.value.size) }),
    },
    frontends: waiting
      .filter(({ service }) => service === write.id)
      .map((frontend) => {
        const self = maps.frontends.key.read(viewOf(keyBytes(frontend.key)), 0)
        const values = encode(maps.frontends.value, { service: id, self, serviceAgain: id })
        return { ...frontend, service: id, entries: wholeOf({ count: 1, keys: keyBytes(frontend.key), values }) }
      }),
  }
}
