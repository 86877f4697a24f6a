/** Records of the ring buffer (struct connection_event), as they come. */
import { type BpfMap, native } from '../../native/index.ts'
import { decode } from '../abi/codec.ts'
import { ConnectionEvent } from '../abi/layouts.generated.ts'
import { SELF_TEST_SERVICE } from './self-test.ts'

export interface EventStream {
  /** Reads what is ready, now. */
  flush(): void
  close(): void
}

/** @param pollMs 0: each event wakes us; else read by timer */
export function readEvents(map: BpfMap, onRecord: (record: Uint8Array) => void, pollMs: number): EventStream {
  const ring = native().ringBuffer(
    map,
    (record) => {
      if (!isOfSelfTest(record)) onRecord(record)
    },
    pollMs,
  )
  return {
    flush: () => void ring.consume(),
    close: () => ring.close(),
  }
}

function isOfSelfTest(record: Uint8Array): boolean {
  return record.length === ConnectionEvent.size && decode(ConnectionEvent, record).service === SELF_TEST_SERVICE
}
