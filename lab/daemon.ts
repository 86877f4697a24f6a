/** A real kmeshd of our own: in its own cgroup, with its own pins and sockets, ended and swept away with the lab. */
import type { ChildProcess } from 'node:child_process'
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { get } from 'node:http'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { run } from './command.ts'
import type { Pod } from './network.ts'
import { hasEnded, start, stop } from './process.ts'
import type { UndoStack } from './undo.ts'

/** The folder that holds bin/: this file runs from dist/lab. */
export const PROJECT = join(import.meta.dirname, '..', '..')

const PATIENCE_MS = 60_000 * Number(process.env['KMESH_TIME_SCALE'] ?? 1)

export interface DaemonOptions {
  /** where its programs are attached: members run in it */
  readonly cgroup: string
  /** files of the configuration by name */
  readonly files: Readonly<Record<string, string>>
  /** further arguments of kmeshd */
  readonly flags?: readonly string[]
  readonly environment?: Readonly<Record<string, string>>
}

export class Daemon {
  readonly #undo: UndoStack
  readonly #options: DaemonOptions
  /** holds configuration, socket and pins */
  readonly folder: string
  readonly socket: string
  readonly bpfFs: string
  readonly config: string
  #process: ChildProcess | undefined

  private constructor(undo: UndoStack, options: DaemonOptions) {
    this.#undo = undo
    this.#options = options
    this.folder = mkdtempSync(join(tmpdir(), 'kmesh-'))
    this.socket = join(this.folder, 'admin.sock')
    this.bpfFs = join(this.folder, 'bpf')
    this.config = join(this.folder, 'config')
    mkdirSync(this.config)
    undo.push(`folder ${this.folder}`, () => rmSync(this.folder, { recursive: true }))
    for (const [name, text] of Object.entries(options.files)) this.write(name, text)
  }

  /** Starts it, and waits until it is ready. @throws with what it said when it is not */
  static async start(undo: UndoStack, options: DaemonOptions): Promise<Daemon> {
    const daemon = new Daemon(undo, options)
    undo.push(`pins ${daemon.bpfFs}`, () => daemon.cleanup())
    await daemon.launch()
    return daemon
  }

  /** Starts the process again, after it ended. */
  async launch(): Promise<void> {
    const { cgroup, flags = [], environment = {} } = this.#options
    this.#process = start(
      this.#undo,
      {},
      [
        ...[process.execPath, join(PROJECT, 'bin', 'kmeshd'), '--config', this.config, '--cgroup2-path', cgroup],
        ...['--bpf-fs-path', this.bpfFs, '--socket', this.socket, '--admin-address', 'off', '--metrics-address', 'off'],
        ...['--log-level', 'warn', ...flags],
      ],
      { env: { ...process.env, ...environment } },
    )
    await this.#becomeReady(this.#process)
  }

  get pid(): number {
    return this.#process?.pid ?? 0
  }

  /** @param signal SIGTERM leaves traffic running; SIGKILL shows that it does not need the daemon */
  async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    if (this.#process === undefined) return
    if (signal === 'SIGKILL') this.#process.kill(signal)
    await stop(this.#process)
  }

  /** Replaces one file of the configuration, as an editor or a ConfigMap does: written beside, then renamed. */
  write(name: string, text: string): void {
    const path = join(this.config, name)
    const beside = join(dirname(path), `.${name}.new`)
    writeFileSync(beside, text)
    renameSync(beside, path)
  }

  /** Removes pins and programs, without the daemon. */
  async cleanup(): Promise<void> {
    await this.end('SIGTERM')
    await run(process.execPath, join(PROJECT, 'bin', 'kmeshd'), 'cleanup', '--bpf-fs-path', this.bpfFs)
  }

  /** @returns what kmeshctl printed @throws with its complaint */
  kmeshctl(command: string, ...args: readonly string[]): Promise<string> {
    const target = ['--socket', this.socket]
    return run(process.execPath, join(PROJECT, 'bin', 'kmeshctl'), command, ...target, ...args)
  }

  /** @returns the Prometheus text */
  async metrics(): Promise<string> {
    return (await this.#get('/metrics')).text
  }

  async #becomeReady(daemon: ChildProcess): Promise<void> {
    const until = performance.now() + PATIENCE_MS
    let why = ''
    while (!hasEnded(daemon) && performance.now() < until) {
      const answer = await this.#get('/healthz/ready').catch((error: Error) => ({ status: 0, text: error.message }))
      if (answer.status === 200) return
      why = answer.text
      await sleep(20)
    }
    throw new Error(hasEnded(daemon) ? 'kmeshd ended before it was ready' : `kmeshd is not ready: ${why}`)
  }

  #get(path: string): Promise<{ readonly status: number; readonly text: string }> {
    return new Promise((resolve, reject) => {
      const request = get({ socketPath: this.socket, path }, (response) => {
        let text = ''
        response.setEncoding('utf8').on('data', (part: string) => {
          text += part
        })
        response.on('end', () => resolve({ status: response.statusCode ?? 0, text }))
      })
      request.on('error', reject)
    })
  }

  async enroll(pod: Pod, namespace = 'default'): Promise<void> {
    await this.kmeshctl('enroll', '--netns', pod.netnsPath, '--namespace', namespace)
  }
}
