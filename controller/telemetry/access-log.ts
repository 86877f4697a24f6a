/** The access log: records of the kernel in, lines out; what is missing is counted. */
import type { ConnectionEvent } from '../abi/layouts.generated.ts'
import { type AccessLogFormat, accessLogLine } from './access-log-line.ts'
import { type Clock, systemClock } from './clock.ts'
import { EventReader } from './events.ts'
import { LineWriter } from './line-writer.ts'
import type { Names } from './names.ts'
import type { AccessLogNumbers } from './scraped.ts'

export interface AccessLogOptions {
  readonly format: AccessLogFormat
  /** absent: stdout */
  readonly file?: string
  /** asked for each line: the mesh changes meanwhile */
  readonly names: () => Names
  /** told once when writing begins to fail */
  readonly onTrouble: (error: Error) => void
  readonly clock?: Clock
}

export class AccessLog {
  readonly #options: AccessLogOptions
  readonly #writer: LineWriter
  readonly #events = new EventReader((event) => this.#write(event))

  /** @throws where the file cannot be opened */
  constructor(options: AccessLogOptions) {
    this.#options = options
    this.#writer = new LineWriter(options.file, options.onTrouble)
  }

  /** @param record as the ring buffer has it; bytes that are no event are counted */
  record(record: Uint8Array): void {
    this.#events.read(record)
  }

  /** After a rotation. @throws where the file cannot be opened; the old one stays in use */
  reopen(): void {
    this.#writer.reopen()
  }

  numbers(): AccessLogNumbers {
    return { written: this.#writer.written, ...this.#writer.losses, malformed: this.#events.malformed }
  }

  /** Writes what waits, at most for so long. */
  close(timeoutMs: number): Promise<void> {
    return this.#writer.close(timeoutMs)
  }

  #write(event: ConnectionEvent): void {
    const { format, names, clock = systemClock } = this.#options
    this.#writer.write(accessLogLine(format, event, names(), clock))
  }
}
