/** Connection events of the ring buffer, as values. */
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
export function readEvents(map: BpfMap, onEvent: (event: ConnectionEvent) => void, pollMs: number): EventStream {
  const ring = native().ringBuffer(
    map,
    (record) => {
      const event = decode(ConnectionEvent, record)
      if (event.service !== SELF_TEST_SERVICE) onEvent(event)
    },
    pollMs,
  )
  return {
    flush: () => void ring.consume(),
    close: () => ring.close(),
  }
}
