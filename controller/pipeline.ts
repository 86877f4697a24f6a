/**
 * Configuration to kernel: each mesh that the source gives is compiled and handed to the reconciler. Keeps what
 * people ask for afterwards: what is in force, what is not honoured, how long it took.
 */
import type { Reload } from './admin/api.ts'
import { type Compiled, compile } from './compiler/compile.ts'
import { type Directory, EMPTY_DIRECTORY } from './compiler/directory.ts'
import type { Limits } from './compiler/limits.ts'
import { EMPTY_MESH, type Mesh, type NodeView } from './model/mesh.ts'
import type { Problem } from './model/problem.ts'
import type { Outcome, Reconciler } from './reconcile/reconciler.ts'

export interface PipelineOptions {
  readonly reconciler: Reconciler
  readonly limits: Limits
  /** of this node, as the mesh knows it */
  readonly view: (mesh: Mesh) => NodeView
  readonly onReload: (reload: Reload) => void
  /** A former run's state is in force. It stays until a configuration comes in which every file can be read. */
  readonly inherits: boolean
}

/** What a source hands over at a time. */
export interface Loaded {
  readonly mesh: Mesh
  readonly problems: readonly Problem[]
  /** files read; for people */
  readonly files: number
}

export class Pipeline {
  readonly #options: PipelineOptions
  #loaded: Loaded = { mesh: EMPTY_MESH, problems: [], files: 0 }
  #compiled: Compiled | undefined
  #view: NodeView | undefined
  #lastReload: Reload | undefined
  #unsettled: readonly Problem[] = []

  /** What a broken file said before cannot be known: until it is mended, the former run's state knows better. */
  #keepsInherited: boolean

  constructor(options: PipelineOptions) {
    this.#options = options
    this.#keepsInherited = options.inherits
  }

  get mesh(): Mesh {
    return this.#loaded.mesh
  }

  get compiled(): Compiled | undefined {
    return this.#compiled
  }

  get directory(): Directory {
    return this.#compiled?.directory ?? EMPTY_DIRECTORY
  }

  get lastReload(): Reload | undefined {
    return this.#lastReload
  }

  problems(): readonly Problem[] {
    return [...this.#loaded.problems, ...(this.#compiled?.problems ?? []), ...this.#unsettled]
  }

  /** What the reconciler says of a later attempt. */
  settle(outcome: Outcome): void {
    this.#unsettled = outcome.problems
  }

  /** Never throws: what fails in the kernel is retried by the reconciler and told by the reload. */
  load(loaded: Loaded): Reload {
    const started = performance.now()
    this.#loaded = loaded
    const broken = loaded.problems.find(({ wholeFile }) => wholeFile)
    const { reconciler } = this.#options
    const { written, deleted } = reconciler.stats
    if (broken === undefined) this.#keepsInherited = false
    if (!this.#keepsInherited) {
      this.#view = sameView(this.#view, this.#options.view(loaded.mesh))
      this.#compiled = compile(loaded.mesh, this.#view, this.#options.limits, this.#compiled)
      this.settle(reconciler.apply(this.#compiled))
    }
    const fault = broken ?? this.#unsettled[0]
    const kept = this.#keepsInherited ? '; until then what the former run left stays in force' : ''
    const reload: Reload = {
      at: new Date().toISOString(),
      ok: fault === undefined,
      error: fault === undefined ? '' : `${lineOf(fault)}${kept}`,
      durationMs: performance.now() - started,
      files: loaded.files,
      written: reconciler.stats.written - written,
      deleted: reconciler.stats.deleted - deleted,
    }
    this.#lastReload = reload
    this.#options.onReload(reload)
    return reload
  }
}

function lineOf({ message, place }: Problem): string {
  return place === undefined ? message : `${place.file}:${place.line}: ${message}`
}

/** The compiler compares by reference: a view that says the same must be the same object. */
function sameView(held: NodeView | undefined, next: NodeView): NodeView {
  return held !== undefined && JSON.stringify(held) === JSON.stringify(next) ? held : next
}
