/** The load generator of bench/load.c, built by the same CMake run as the addon. */
import type { ChildProcess } from 'node:child_process'
import { join } from 'node:path'
import { PROJECT } from '../lab/daemon.ts'
import { finish, start, type Where, waitForLine } from '../lab/process.ts'
import type { UndoStack } from '../lab/undo.ts'
import type { Sample } from './rounds.ts'

const LOAD = join(PROJECT, 'build', 'bench', 'load')

export interface Sizes {
  readonly request: number
  readonly response: number
}

export interface LoadOptions extends Sizes {
  readonly kind: 'short' | 'keep'
  readonly address: string
  readonly port: number
  readonly seconds: number
  /** workers (short) or connections (keep) */
  readonly count: number
}

export async function startServer(
  undo: UndoStack,
  where: Where,
  address: string,
  port: number,
  { request, response }: Sizes,
): Promise<ChildProcess> {
  const server = start(undo, where, [LOAD, 'serve', address, String(port), String(request), String(response)])
  await waitForLine(server, /^ready$/)
  return server
}

/** @throws when a connection failed: a figure with failures in it means nothing */
export async function runLoad(undo: UndoStack, where: Where, options: LoadOptions): Promise<Sample> {
  const { kind, address, port, request, response, seconds, count } = options
  const numbers = [port, request, response, seconds, count].map(String)
  const { output, status } = await finish(start(undo, where, [LOAD, kind, address, ...numbers]))
  if (status !== 0) throw new Error(`load ${kind} ${address}:${port} ended with status ${status}`)
  const sample = JSON.parse(output) as Sample
  if (sample['failed'] !== 0 || sample['done'] === 0)
    throw new Error(`load ${kind} to ${address}:${port}: ${output.trim()}`)
  return sample
}
