/**
 * The `files` source: a folder of Kubernetes and Istio YAML, kept as one mesh. Changed files are read as soon as
 * they are whole; all that changed at one time gives one new mesh.
 */

import { basename, join } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Mesh } from '../../model/mesh.ts'
import type { Problem } from '../../model/problem.ts'
import { MeshBuilder } from './build/mesh.ts'
import { type FileStamp, type FolderScan, isConfigName, maybeFolder, sameStamp, scanFolder, stampAt } from './folder.ts'
import { HostLookups, type LookupHost } from './host-lookups.ts'
import { lookupHost } from './lookup-host.ts'
import { readFile } from './read-file.ts'
import { same } from './same.ts'
import { QUIET_MS, Settling } from './settling.ts'
import { ResourceStore } from './store.ts'
import { type FolderEvent, FolderWatch } from './watch.ts'

export interface FileSourceOptions {
  /** @param problems all that there are now, not only new ones */
  readonly onMesh: (mesh: Mesh, problems: readonly Problem[]) => void
  readonly clusterDomain: string
  /** where Istio's mesh-wide policies live */
  readonly rootNamespace?: string
  readonly lookup?: LookupHost
}

export interface FileSource {
  /** The first mesh was given. Rejects where the folder cannot be read at all. */
  readonly ready: Promise<void>
  readonly close: () => void
}

/** Changes that nobody told of (a lost event, a link's far end, a network file system) are found by looking. */
const POLL_MS = 30_000
/** The same where folders cannot be watched. */
const BUSY_POLL_MS = 1000

/** Reading gives way to the rest of the daemon after this long. */
const TURN_MS = 10

/** The first mesh waits for host names: without addresses their services would refuse connections. */
const LOOKUP_WAIT_MS = 3000

export function openFileSource(folder: string, options: FileSourceOptions): FileSource {
  const source = new FolderSource(folder, options)
  return { ready: source.start(), close: () => source.close() }
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

interface KnownFile {
  readonly stamp: FileStamp | undefined
  /** read too soon after it was written for its stamp to tell a later change */
  readonly racy: boolean
}

class FolderSource {
  readonly #root: string
  readonly #options: FileSourceOptions
  readonly #store = new ResourceStore()
  readonly #builder: MeshBuilder
  readonly #watch = new FolderWatch((event) => this.#notice(event))
  readonly #lookups: HostLookups
  readonly #settling = new Settling()
  readonly #known = new Map<string, KnownFile>()
  /** paths to look at */
  readonly #noticed = new Set<string>()
  #scanned: FolderScan = NOTHING_SCANNED
  #watchProblems: readonly Problem[] = []
  #scanWanted = true
  #scheduled = false
  #loading = false
  /** something was noticed while loading */
  #again = false
  #published: { readonly mesh: Mesh; readonly problems: readonly Problem[] } | undefined
  #lookTimer: NodeJS.Timeout | undefined
  #pollTimer: NodeJS.Timeout | undefined
  #closed = false

  constructor(root: string, options: FileSourceOptions) {
    this.#root = root
    this.#options = options
    const { clusterDomain, rootNamespace = 'istio-system' } = options
    this.#builder = new MeshBuilder(this.#store, { clusterDomain, rootNamespace })
    this.#lookups = new HostLookups(options.lookup ?? lookupHost, () => this.#schedule())
  }

  async start(): Promise<void> {
    this.#loading = true
    const { unreadable, problems } = this.#scan()
    if (unreadable.includes(this.#root)) {
      this.close()
      throw new Error(`${this.#root} ${problems[0]?.message}`)
    }
    // What is there at the start is taken as it is: nobody waits for a change.
    await this.#readNoticed(true)
    this.#lookups.want(this.#builder.wantedHosts())
    await this.#lookups.settle(LOOKUP_WAIT_MS)
    if (this.#closed) return
    this.#loading = false
    this.#publish()
    this.#schedule()
  }

  close(): void {
    this.#closed = true
    this.#watch.close()
    this.#lookups.close()
    clearTimeout(this.#lookTimer)
    clearTimeout(this.#pollTimer)
  }

  #notice({ folder, name }: FolderEvent): void {
    const path = join(folder, name ?? '')
    if (name !== undefined && isConfigName(name) && this.#scanned.folders.has(folder)) this.#noticed.add(path)
    else if (name === undefined || this.#mayMatter(folder, name, path)) this.#scanWanted = true
    else return
    this.#schedule()
  }

  /** Most names are temporary files; a new or lost folder, or a link's other end, is found by a scan. */
  #mayMatter(folder: string, name: string, path: string): boolean {
    const { folders, linking, targets } = this.#scanned
    if (name === basename(folder)) return true // the folder itself: moved, deleted
    if (!folders.has(folder)) return targets.has(path)
    if (name.startsWith('.')) return linking.has(folder)
    return folders.has(path) || maybeFolder(path)
  }

  /** Events come in batches: all of a batch are in when its turn is over. */
  #schedule(): void {
    if (this.#scheduled || this.#closed) return
    this.#scheduled = true
    setImmediate(() => {
      this.#scheduled = false
      void this.#load()
    })
  }

  async #load(): Promise<void> {
    if (this.#loading) this.#again = true
    if (this.#loading || this.#closed) return
    this.#loading = true
    if (this.#scanWanted) this.#scan()
    const wait = await this.#readNoticed(false)
    this.#loading = false
    if (this.#closed) return
    this.#lookups.want(this.#builder.wantedHosts())
    this.#publish()
    clearTimeout(this.#lookTimer)
    if (wait !== undefined) this.#lookTimer = setTimeout(() => this.#schedule(), wait)
    if (this.#again) this.#schedule()
    this.#again = false
  }

  /** Finds what changed anywhere in the folder. */
  #scan(): FolderScan {
    this.#scanWanted = false
    let scan = scanFolder(this.#root)
    // What happened in a new folder before it was watched is seen by a second look.
    if (this.#watch.set(new Map([...scan.folders, ...scan.outside]))) scan = scanFolder(this.#root)
    this.#scanned = scan
    this.#watchProblems = watchProblems(this.#root, this.#watch.failure)
    for (const [path, stamp] of scan.files) if (!isKnown(this.#known.get(path), stamp)) this.#noticed.add(path)
    for (const path of this.#known.keys()) {
      const kept = scan.unreadable.some((folder) => path.startsWith(`${folder}/`))
      if (!scan.files.has(path) && !kept) this.#noticed.add(path)
    }
    clearTimeout(this.#pollTimer)
    const wellWatched = this.#watch.failure === undefined && scan.unreadable.length === 0
    this.#pollTimer = setTimeout(
      () => {
        this.#scanWanted = true
        this.#schedule()
      },
      wellWatched ? POLL_MS : BUSY_POLL_MS,
    )
    return scan
  }

  /** @returns milliseconds until the next file that is still being written should be looked at again */
  async #readNoticed(atOnce: boolean): Promise<number | undefined> {
    let wait: number | undefined
    let turn = performance.now()
    for (const path of [...this.#noticed]) {
      if (this.#closed) break
      const stamp = this.#stampAt(path)
      const known = this.#known.get(path)
      if (stamp === undefined ? known === undefined : isKnown(known, stamp)) {
        this.#noticed.delete(path)
        this.#settling.forget(path)
        continue
      }
      const rest = atOnce ? 0 : this.#settling.look(path, stamp, performance.now())
      if (rest > 0) {
        wait = Math.min(wait ?? rest, rest)
        continue
      }
      this.#noticed.delete(path)
      this.#take(path, stamp)
      if (performance.now() - turn < TURN_MS) continue
      await nextTurn()
      turn = performance.now()
    }
    return wait
  }

  /** Where even looking fails the file stays as it was last. */
  #stampAt(path: string): FileStamp | undefined {
    try {
      return stampAt(path)
    } catch {
      return this.#known.get(path)?.stamp
    }
  }

  #take(path: string, stamp: FileStamp | undefined): void {
    if (stamp === undefined) {
      this.#known.delete(path)
      this.#store.remove(path)
      return
    }
    const read = readFile(path, this.#store, this.#options.clusterDomain)
    this.#known.set(path, { stamp: read, racy: read !== undefined && Date.now() - read.modified < QUIET_MS })
  }

  #publish(): void {
    const { mesh, problems: built } = this.#builder.build(this.#lookups.resolved)
    const problems = [
      ...this.#scanned.problems,
      ...this.#watchProblems,
      ...this.#store.problems(),
      ...built,
      ...this.#lookups.problems(),
    ]
    if (this.#published?.mesh === mesh && same(this.#published.problems, problems)) return
    this.#published = { mesh, problems }
    this.#options.onMesh(mesh, problems)
  }
}

function isKnown(known: KnownFile | undefined, stamp: FileStamp): boolean {
  return known?.stamp !== undefined && !known.racy && sameStamp(known.stamp, stamp)
}

function watchProblems(root: string, failure: string | undefined): Problem[] {
  if (failure === undefined) return []
  const message = `cannot be watched (${failure}): looked at once a second instead`
  return [{ severity: 'warning', resource: '', field: '', message, place: { file: root, line: 1 } }]
}
