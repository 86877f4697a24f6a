/**
 * The `files` source: a folder of Kubernetes and Istio YAML, kept as one mesh. Changed files are read as soon as
 * they are whole; all that changed at one time gives one new mesh.
 */
import type { Mesh } from '../../model/mesh.ts'
import type { Problem } from '../../model/problem.ts'
import { MeshBuilder } from './build/mesh.ts'
import { FolderReader } from './folder-reader.ts'
import { HostLookups, type LookupHost } from './host-lookups.ts'
import { lookupBy } from './lookup-host.ts'
import { same } from './same.ts'
import { ResourceStore } from './store.ts'

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
  /** Looks at the whole folder again, and resolves when what it found was given. */
  readonly reload: () => Promise<void>
  /** files in use */
  readonly fileCount: () => number
  readonly close: () => void
}

/** Changes that nobody told of (a lost event, a link's far end, a network file system) are found by looking. */
const POLL_MS = 30_000
/** The same where folders cannot be watched. */
const BUSY_POLL_MS = 1000

/** The first mesh waits for host names: without addresses their services would refuse connections. */
const LOOKUP_WAIT_MS = 3000

export function openFileSource(folder: string, options: FileSourceOptions): FileSource {
  const source = new FolderSource(folder, options)
  return {
    ready: source.start(),
    reload: () => source.reload(),
    fileCount: () => source.fileCount,
    close: () => source.close(),
  }
}

class FolderSource {
  readonly #root: string
  readonly #onMesh: FileSourceOptions['onMesh']
  readonly #store = new ResourceStore()
  readonly #reader: FolderReader
  readonly #builder: MeshBuilder
  readonly #lookups: HostLookups
  /** the load that is under way */
  #loading: Promise<void> | undefined
  #scheduled = false
  #published: { readonly mesh: Mesh; readonly problems: readonly Problem[] } | undefined
  #lookTimer: NodeJS.Timeout | undefined
  #pollTimer: NodeJS.Timeout | undefined
  #pollEvery = 0
  #closed = false

  constructor(root: string, options: FileSourceOptions) {
    const { clusterDomain, rootNamespace = 'istio-system' } = options
    this.#root = root
    this.#onMesh = options.onMesh
    this.#reader = new FolderReader(root, this.#store, clusterDomain, () => this.#schedule())
    this.#builder = new MeshBuilder(this.#store, { clusterDomain, rootNamespace })
    this.#lookups = new HostLookups(options.lookup ?? lookupBy(), () => this.#schedule())
  }

  get fileCount(): number {
    return this.#reader.fileCount
  }

  async start(): Promise<void> {
    const first = this.#loadFirst()
    this.#loading = first.catch(() => undefined)
    await first
    this.#loading = undefined
    this.#schedule()
  }

  async reload(): Promise<void> {
    // A load that is under way has looked already: what counts is one that begins now.
    await this.#loading
    this.#reader.wantScan()
    await this.#load()
  }

  close(): void {
    this.#closed = true
    this.#reader.close()
    this.#lookups.close()
    clearTimeout(this.#lookTimer)
    clearInterval(this.#pollTimer)
  }

  /** Events come in batches: all of a batch are in when its turn is over. */
  #schedule(): void {
    if (this.#scheduled || this.#closed) return
    this.#scheduled = true
    setImmediate(() => void this.#loadScheduled())
  }

  async #loadScheduled(): Promise<void> {
    await this.#loading
    this.#scheduled = false
    await this.#load()
  }

  async #load(): Promise<void> {
    while (this.#loading !== undefined) await this.#loading
    if (this.#closed) return
    this.#loading = this.#loadChanges()
    await this.#loading
    this.#loading = undefined
  }

  async #loadFirst(): Promise<void> {
    // What is there at the start is taken as it is: nobody waits for a change.
    await this.#reader.read(true)
    if (!this.#reader.rootIsReadable) {
      this.close()
      throw new Error(`${this.#root} ${this.#reader.problems[0]?.message}`)
    }
    this.#lookups.want(this.#builder.wantedHosts())
    await this.#lookups.settle(LOOKUP_WAIT_MS)
    this.#publish()
    this.#keepPolling()
  }

  async #loadChanges(): Promise<void> {
    const wait = await this.#reader.read()
    if (this.#closed) return
    this.#lookups.want(this.#builder.wantedHosts())
    this.#publish()
    clearTimeout(this.#lookTimer)
    if (wait !== undefined) this.#lookTimer = setTimeout(() => this.#schedule(), wait)
    this.#keepPolling()
  }

  #keepPolling(): void {
    const every = this.#reader.watched ? POLL_MS : BUSY_POLL_MS
    if (this.#closed || every === this.#pollEvery) return
    this.#pollEvery = every
    clearInterval(this.#pollTimer)
    this.#pollTimer = setInterval(() => {
      this.#reader.wantScan()
      this.#schedule()
    }, every)
  }

  #publish(): void {
    if (this.#closed) return
    const { mesh, problems: built } = this.#builder.build(this.#lookups.resolved)
    const problems = [...this.#reader.problems, ...this.#store.problems(), ...built, ...this.#lookups.problems()]
    if (this.#published?.mesh === mesh && same(this.#published.problems, problems)) return
    this.#published = { mesh, problems }
    this.#onMesh(mesh, problems)
  }
}
