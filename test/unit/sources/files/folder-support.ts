/** A real folder with a source on it. */
import { appendFileSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { EMPTY_MESH, type Mesh } from '../../../../controller/model/mesh.ts'
import type { Problem } from '../../../../controller/model/problem.ts'
import { type FileSource, openFileSource } from '../../../../controller/sources/files/open.ts'
import { QUIET_MS } from '../../../../controller/sources/files/settling.ts'
import { slice } from './support.ts'

const PATIENCE_MS = 10_000 * Number(process.env['KMESH_TIME_SCALE'] ?? 1)

/** Waits for what must come; how long that may take is not what is tested. */
export async function eventually(holds: () => boolean): Promise<void> {
  const end = Date.now() + PATIENCE_MS
  while (!holds()) {
    if (Date.now() > end) throw new Error(`did not come to be: ${holds}`)
    await sleep(2)
  }
}

/**
 * Appends line by line, with a look after each.
 * @returns whether the writing never paused for so long that it looked finished
 */
export async function writeSlowly(path: string, text: string, look: () => void): Promise<boolean> {
  let longest = 0
  let last = performance.now()
  for (const line of text.split(/(?<=\n)/)) {
    appendFileSync(path, line)
    await sleep(1)
    look()
    longest = Math.max(longest, performance.now() - last)
    last = performance.now()
  }
  return longest < QUIET_MS / 2
}

export class LiveFolder {
  readonly path = mkdtempSync(join(tmpdir(), `kmesh-test-files-${process.pid}-`))
  readonly #aside = mkdtempSync(join(tmpdir(), `kmesh-test-files-${process.pid}-`))
  mesh: Mesh = EMPTY_MESH
  problems: readonly Problem[] = []
  /** meshes given so far */
  count = 0
  #source: FileSource | undefined

  async open(): Promise<void> {
    this.#source = openFileSource(this.path, {
      clusterDomain: 'cluster.local',
      lookup: async () => ({ addresses: [], ttl: 60 }),
      onMesh: (mesh, problems) => {
        this.mesh = mesh
        this.problems = problems
        this.count++
      },
    })
    await this.#source.ready
  }

  async reload(): Promise<void> {
    await this.#source?.reload()
  }

  get fileCount(): number {
    return this.#source?.fileCount() ?? 0
  }

  /** Written elsewhere, then renamed into the folder. */
  put(name: string, text: string): void {
    const draft = join(this.#aside, 'draft')
    writeFileSync(draft, text)
    renameSync(draft, this.at(name))
  }

  write(name: string, text: string): void {
    mkdirSync(join(this.at(name), '..'), { recursive: true })
    writeFileSync(this.at(name), text)
  }

  at(name: string): string {
    return join(this.path, name)
  }

  /** A folder beside the watched one. */
  aside(name: string): string {
    return join(this.#aside, name)
  }

  addresses(): string[] {
    return [...this.mesh.services.values()].flatMap(({ endpoints }) => endpoints.map(({ address }) => address))
  }

  messages(): string[] {
    return this.problems.map(({ message }) => message)
  }

  async close(): Promise<void> {
    this.#source?.close()
    for (const path of [this.path, this.#aside]) rmSync(path, { recursive: true, force: true })
  }
}

/** One endpoint of the service `reviews`. */
export function endpointAt(address: string, name = 'reviews-1'): string {
  return slice(name, 'reviews', `- {addresses: [${address}]}`)
}
