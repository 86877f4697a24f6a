/** Real traffic: servers in this process, clients in processes that are members. */
import { createServer } from 'node:net'
import { join } from 'node:path'
import { finish, start, type Where, waitForLine } from '../../lab/process.ts'
import type { UndoStack } from '../../lab/undo.ts'
import { projectRoot } from '../../native/index.ts'
import { timeScale } from './place.ts'
import type { Address } from './tables.ts'

/** Answers each connection with its name, and closes it; or, asked to hold, answers whatever comes. @returns where it listens */
export async function startServer(undo: UndoStack, name: string, hold = false): Promise<Address> {
  const ip = '127.0.0.1'
  const server = createServer((socket) => {
    socket.on('error', () => undefined)
    if (hold) socket.on('data', () => socket.write(name))
    else socket.end(name)
  })
  await new Promise<void>((resolve) => server.listen(0, ip, resolve))
  undo.push(`server ${name}`, () => new Promise<void>((resolve) => void server.close(() => resolve())))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the server has no port')
  return { ip, port: address.port }
}

export interface Outcome {
  readonly connected: number
  readonly failed: readonly string[]
}

/** Connects in a loop. @returns what ends it and tells what happened */
export async function startClient(
  undo: UndoStack,
  where: Where,
  to: Address,
  expected: string,
  mode: 'again' | 'hold' = 'again',
): Promise<() => Promise<Outcome>> {
  const script = join(projectRoot(), 'dist', 'test', 'kernel', 'client.js')
  const child = start(undo, where, [process.execPath, script, to.ip, String(to.port), expected, mode])
  await waitForLine(child, /first/, 20_000 * timeScale)
  return async () => {
    const ended = finish(child)
    child.kill('SIGTERM')
    const { output } = await ended
    return JSON.parse(output.trim().split('\n').at(-1) ?? '') as Outcome
  }
}
