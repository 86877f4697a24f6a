/**
 * When a changed file may be read. A file that was renamed into the folder is whole; one that is being written in
 * place is not, and an editor may take a file away for a moment to put another in its place.
 */
import type { FileStamp } from './folder.ts'

/** Milliseconds without a change that make a file count as written. More than a tick of the file system's clock. */
export const QUIET_MS = 15

/** A file that never rests is read as it is. */
const PATIENCE_MS = 2000

interface Waiting {
  readonly since: number
  readonly stamp: FileStamp | undefined
  readonly seen: number
}

export class Settling {
  readonly #waiting = new Map<string, Waiting>()

  /**
   * @param stamp undefined: the file is gone
   * @param now by the clock that stamps are made with
   * @returns milliseconds after which to look again; 0: take it as it is
   */
  look(path: string, stamp: FileStamp | undefined, now: number): number {
    const wait = this.#judge(path, stamp, now)
    if (wait === 0) this.#waiting.delete(path)
    return wait
  }

  forget(path: string): void {
    this.#waiting.delete(path)
  }

  #judge(path: string, stamp: FileStamp | undefined, now: number): number {
    // The inode changed after its content did: by a rename, which comes after the writing.
    if (stamp !== undefined && stamp.changed > stamp.modified) return 0
    if (stamp !== undefined && now - stamp.modified >= QUIET_MS) return 0
    const before = this.#waiting.get(path)
    if (before === undefined) {
      this.#waiting.set(path, { since: now, stamp, seen: now })
      return QUIET_MS
    }
    // Another file under the same name: whoever replaces files this often does it by renaming.
    if (stamp !== undefined && before.stamp !== undefined && stamp.inode !== before.stamp.inode) return 0
    const unchanged = stamp?.size === before.stamp?.size && stamp?.modified === before.stamp?.modified
    const seen = unchanged ? before.seen : now
    if (now - seen >= QUIET_MS || now - before.since >= PATIENCE_MS) return 0
    this.#waiting.set(path, { since: before.since, stamp, seen })
    return QUIET_MS - (now - seen)
  }
}
