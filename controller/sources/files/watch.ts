/** Watches folders by inotify. What it cannot watch it says, so that the caller looks for itself more often. */
import { type FSWatcher, watch } from 'node:fs'

export interface FolderEvent {
  readonly folder: string
  /** undefined: something, somewhere in it */
  readonly name: string | undefined
  /** rename: a name came or went; change: its file did */
  readonly type: 'rename' | 'change'
}

interface Watched {
  readonly inode: string
  readonly watcher: FSWatcher
}

export class FolderWatch {
  readonly #onEvent: (event: FolderEvent) => void
  readonly #watched = new Map<string, Watched>()
  #failure: string | undefined

  constructor(onEvent: (event: FolderEvent) => void) {
    this.#onEvent = onEvent
  }

  /** Why not everything is watched. */
  get failure(): string | undefined {
    return this.#failure
  }

  /**
   * Watches these folders from now on.
   * @returns whether some of them were not watched before: what happened in them until now was not seen
   */
  set(folders: ReadonlyMap<string, string>): boolean {
    for (const [folder, { inode }] of this.#watched) if (folders.get(folder) !== inode) this.#drop(folder)
    this.#failure = undefined
    const added = [...folders].filter(([folder, inode]) => !this.#watched.has(folder) && this.#add(folder, inode))
    return added.length > 0
  }

  #add(folder: string, inode: string): boolean {
    try {
      const watcher = watch(folder, (type, name) => {
        this.#onEvent({ folder, name: name ?? undefined, type })
      })
      watcher.on('error', (error) => {
        this.#failure = error.message
        this.#drop(folder)
        this.#onEvent({ folder, name: undefined, type: 'rename' })
      })
      this.#watched.set(folder, { inode, watcher })
      return true
    } catch (error) {
      // A folder that is gone again is the next scan's business.
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') this.#failure = (error as Error).message
      return false
    }
  }

  #drop(folder: string): void {
    this.#watched.get(folder)?.watcher.close()
    this.#watched.delete(folder)
  }

  close(): void {
    for (const folder of [...this.#watched.keys()]) this.#drop(folder)
  }
}
