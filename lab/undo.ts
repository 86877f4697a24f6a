/**
 * What a run made on the machine, undone in reverse order: at its end, on a failure, on a signal.
 */
export type Undo = () => void | Promise<void>

export class UndoStack {
  readonly #steps: { readonly what: string; readonly undo: Undo }[] = []
  #running: Promise<readonly string[]> | undefined

  /** @param what named when undoing it fails */
  push(what: string, undo: Undo): void {
    this.#steps.push({ what, undo })
  }

  /** Never throws, goes on after a failure. @returns what could not be undone, a line each */
  run(): Promise<readonly string[]> {
    this.#running ??= this.#run()
    return this.#running
  }

  async #run(): Promise<readonly string[]> {
    const left: string[] = []
    for (let step = this.#steps.pop(); step !== undefined; step = this.#steps.pop()) {
      try {
        await step.undo()
      } catch (error) {
        left.push(`${step.what}: ${error instanceof Error ? error.message : String(error)}`)
      }
    }
    this.#running = undefined
    return left
  }
}
