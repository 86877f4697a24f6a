/**
 * Lines to a file or to stdout, without ever waiting for the disk or the reader:
 * what does not fit into the backlog, or cannot be written, is counted and dropped.
 */
import { closeSync, openSync, write } from 'node:fs'

export interface LineLosses {
  /** the reader was too slow */
  readonly backlog: number
  /** the file could not be written: a full disk, a closed pipe */
  readonly failed: number
}

const MAX_BACKLOG = 4 * 1024 * 1024
const RETRY_MS = 50

interface Chunk {
  readonly bytes: Buffer
  readonly lines: number
}

export class LineWriter {
  /** undefined: stdout */
  readonly #file: string | undefined
  readonly #onTrouble: (error: Error) => void
  #fd: number
  /** takes the place of `#fd` as soon as nothing is being written */
  #next: number | undefined
  #waiting: string[] = []
  #backlog = 0
  #writing: Promise<void> | undefined
  #failing = false
  #lost = { backlog: 0, failed: 0 }
  #written = 0

  /**
   * @param onTrouble told once when writing begins to fail, not for each line
   * @throws where the file cannot be opened
   */
  constructor(file: string | undefined, onTrouble: (error: Error) => void) {
    this.#file = file
    this.#onTrouble = onTrouble
    this.#fd = file === undefined ? 1 : openForAppending(file)
  }

  get losses(): LineLosses {
    return { ...this.#lost }
  }

  get written(): number {
    return this.#written
  }

  write(line: string): void {
    if (this.#backlog + line.length >= MAX_BACKLOG) {
      this.#lost.backlog++
      return
    }
    this.#waiting.push(line)
    this.#backlog += line.length + 1
    this.#writing ??= this.#drain()
  }

  /**
   * After a rotation: what comes from now on goes to a new file of the same name.
   * @throws where it cannot be opened; the old file stays in use
   */
  reopen(): void {
    if (this.#file === undefined) return
    const fd = openForAppending(this.#file)
    if (this.#next !== undefined) closeSync(this.#next)
    this.#next = fd
    if (this.#writing === undefined) this.#turnOver()
  }

  /** Writes what waits, at most for so long. */
  async close(timeoutMs: number): Promise<void> {
    const late = new Promise<void>((resolve) => setTimeout(resolve, timeoutMs).unref())
    await Promise.race([this.#writing, late])
    if (this.#file !== undefined && this.#writing === undefined) closeSync(this.#fd)
  }

  #turnOver(): void {
    if (this.#next === undefined) return
    closeSync(this.#fd)
    this.#fd = this.#next
    this.#next = undefined
  }

  async #drain(): Promise<void> {
    // Lines that come one after the other are written together.
    await new Promise(setImmediate)
    while (this.#waiting.length > 0) {
      const chunk = { bytes: Buffer.from(`${this.#waiting.join('\n')}\n`), lines: this.#waiting.length }
      this.#waiting = []
      this.#backlog = 0
      await this.#writeChunk(chunk)
      this.#turnOver()
    }
    this.#writing = undefined
  }

  async #writeChunk({ bytes, lines }: Chunk): Promise<void> {
    try {
      for (let at = 0; at < bytes.length; ) at += await writeSome(this.#fd, bytes.subarray(at))
      this.#written += lines
      this.#failing = false
    } catch (error) {
      this.#lost.failed += lines
      if (!this.#failing) this.#onTrouble(error instanceof Error ? error : new Error(String(error)))
      this.#failing = true
    }
  }
}

/** O_APPEND: whoever truncates the file in a rotation gets no hole in it. */
function openForAppending(file: string): number {
  return openSync(file, 'a', 0o640)
}

/** @returns 0 while a pipe is full that was made non-blocking by somebody else */
function writeSome(fd: number, bytes: Buffer): Promise<number> {
  return new Promise((resolve, reject) => {
    write(fd, bytes, (error, written) => {
      if (error === null) resolve(written)
      else if (error.code === 'EAGAIN') setTimeout(() => resolve(0), RETRY_MS)
      else reject(error)
    })
  })
}
