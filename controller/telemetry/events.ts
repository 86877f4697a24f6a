/** Connection events as they come from the kernel's ring buffer. What is none of ours is counted, and nothing else. */
import { decode } from '../abi/codec.ts'
import { ConnectionEvent, Reporter, verdictNames } from '../abi/layouts.generated.ts'

export class EventReader {
  readonly #onEvent: (event: ConnectionEvent) => void
  #malformed = 0

  constructor(onEvent: (event: ConnectionEvent) => void) {
    this.#onEvent = onEvent
  }

  /** Records that were not of this layout. */
  get malformed(): number {
    return this.#malformed
  }

  read(record: Uint8Array): void {
    const event = record.length === ConnectionEvent.size ? decode(ConnectionEvent, record) : undefined
    if (event === undefined || !isSound(event)) this.#malformed++
    else this.#onEvent(event)
  }
}

function isSound({ verdict, reporter, atNs, durationNs }: ConnectionEvent): boolean {
  return verdictNames[verdict] !== undefined && reporter <= Reporter.REPORTER_DESTINATION && durationNs <= atNs
}
