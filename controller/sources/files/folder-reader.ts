/** Which files of the folder changed, and reads them into the store as soon as each is whole. */
import { basename, join } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Problem } from '../../model/problem.ts'
import { type FileStamp, type FolderScan, isConfigName, maybeFolder, sameStamp, scanFolder, stampAt } from './folder.ts'
import { readFile } from './read-file.ts'
import { QUIET_MS, Settling } from './settling.ts'
import type { ResourceStore } from './store.ts'
import { type FolderEvent, FolderWatch } from './watch.ts'

/** Reading gives way to the rest of the daemon after this long. */
const TURN_MS = 10

/**
 * renamed: one event, by which a name came to be: a whole file moved in, or an empty one made;
 * written: anything more than that; found: by looking
 */
type Notice = 'renamed' | 'written' | 'found'

interface KnownFile {
  /** undefined: it could not be read */
  readonly stamp: FileStamp | undefined
  /** read too soon after it was written for its stamp to tell a later change */
  readonly racy: boolean
}

export class FolderReader {
  readonly #root: string
  readonly #store: ResourceStore
  readonly #clusterDomain: string
  readonly #onNotice: () => void
  readonly #watch = new FolderWatch((event) => this.#notice(event))
  readonly #settling = new Settling()
  readonly #known = new Map<string, KnownFile>()
  readonly #noticed = new Map<string, Notice>()
  #scanned: FolderScan = NOTHING_SCANNED
  #scanWanted = true
  #closed = false

  /** @param onNotice something may have changed: `read` finds out */
  constructor(root: string, store: ResourceStore, clusterDomain: string, onNotice: () => void) {
    this.#root = root
    this.#store = store
    this.#clusterDomain = clusterDomain
    this.#onNotice = onNotice
  }

  get fileCount(): number {
    return this.#known.size
  }

  /** Whether events tell of every change. */
  get watched(): boolean {
    return this.#watch.failure === undefined && this.#scanned.unreadable.length === 0
  }

  get rootIsReadable(): boolean {
    return !this.#scanned.unreadable.includes(this.#root)
  }

  get problems(): readonly Problem[] {
    const { failure } = this.#watch
    if (failure === undefined) return this.#scanned.problems
    const message = `cannot be watched (${failure}): looked at once a second instead`
    const place = { file: this.#root, line: 1 }
    return [...this.#scanned.problems, { severity: 'warning', resource: '', field: '', message, place }]
  }

  /** The next `read` looks at the whole folder. */
  wantScan(): void {
    this.#scanWanted = true
  }

  close(): void {
    this.#closed = true
    this.#watch.close()
  }

  #notice({ folder, name, type }: FolderEvent): void {
    const path = join(folder, name ?? '')
    if (name !== undefined && isConfigName(name) && this.#scanned.folders.has(folder)) {
      this.#noticed.set(path, type === 'rename' && !this.#noticed.has(path) ? 'renamed' : 'written')
    } else if (name === undefined || this.#mayMatter(folder, name, path)) {
      this.#scanWanted = true
    } else {
      return
    }
    this.#onNotice()
  }

  /** Most names are temporary files; a new or lost folder, or a link's other end, is found by a scan. */
  #mayMatter(folder: string, name: string, path: string): boolean {
    const { folders, linking, targets } = this.#scanned
    if (name === basename(folder)) return true // the folder itself: moved, deleted
    if (!folders.has(folder)) return targets.has(path)
    if (name.startsWith('.')) return linking.has(folder)
    return folders.has(path) || maybeFolder(path)
  }

  /**
   * Reads what changed and is whole.
   * @param atOnce whole or not
   * @returns milliseconds until a file that is still being written should be looked at again
   */
  async read(atOnce = false): Promise<number | undefined> {
    if (this.#scanWanted) this.#scan()
    const moved = await this.#findMoved()
    let wait: number | undefined
    let turn = performance.now()
    for (const path of [...this.#noticed.keys()]) {
      if (this.#closed) break
      const stamp = this.#stampAt(path)
      const whole = atOnce || (moved.has(path) && this.#noticed.get(path) === 'renamed')
      const rest = this.#isKnown(path, stamp) || whole ? 0 : this.#settling.look(path, stamp, Date.now())
      if (rest > 0) {
        wait = Math.min(wait ?? rest, rest)
        continue
      }
      this.#noticed.delete(path)
      this.#settling.forget(path)
      if (!this.#isKnown(path, stamp)) this.#take(path, stamp)
      if (performance.now() - turn < TURN_MS) continue
      await nextTurn()
      turn = performance.now()
    }
    return wait
  }

  /**
   * A file with content whose making was one event, and that one more round of events says nothing about, was moved
   * in as it is: had it been written after it was made, that would be another event.
   */
  async #findMoved(): Promise<ReadonlySet<string>> {
    const moved = new Set<string>()
    for (const [path, notice] of this.#noticed) {
      if (notice === 'renamed' && (this.#stampAt(path)?.size ?? 0) > 0) moved.add(path)
    }
    if (moved.size > 0) await nextTurn()
    return moved
  }

  #scan(): void {
    this.#scanWanted = false
    let scan = scanFolder(this.#root)
    // What happened in a new folder before it was watched is seen by a second look.
    if (this.#watch.set(new Map([...scan.folders, ...scan.outside]))) scan = scanFolder(this.#root)
    this.#scanned = scan
    for (const [path, stamp] of scan.files) if (!this.#isKnown(path, stamp)) this.#find(path)
    for (const path of this.#known.keys()) {
      const kept = scan.unreadable.some((folder) => path.startsWith(`${folder}/`))
      if (!scan.files.has(path) && !kept) this.#find(path)
    }
  }

  #find(path: string): void {
    if (!this.#noticed.has(path)) this.#noticed.set(path, 'found')
  }

  /** Where even looking fails the file stays as it was last. */
  #stampAt(path: string): FileStamp | undefined {
    try {
      return stampAt(path)
    } catch {
      return this.#known.get(path)?.stamp
    }
  }

  /** Whether this is what was read last. */
  #isKnown(path: string, stamp: FileStamp | undefined): boolean {
    const known = this.#known.get(path)
    if (stamp === undefined) return known === undefined
    return known?.stamp !== undefined && !known.racy && sameStamp(known.stamp, stamp)
  }

  #take(path: string, stamp: FileStamp | undefined): void {
    if (stamp === undefined) {
      this.#known.delete(path)
      this.#store.remove(path)
      return
    }
    const read = readFile(path, this.#store, this.#clusterDomain)
    this.#known.set(path, { stamp: read, racy: read !== undefined && Date.now() - read.modified < QUIET_MS })
  }
}

const NOTHING_SCANNED: FolderScan = {
  files: new Map(),
  folders: new Map(),
  linking: new Set(),
  outside: new Map(),
  targets: new Set(),
  unreadable: [],
  problems: [],
}
