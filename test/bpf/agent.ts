/** A process in some network namespace and cgroup, which opens sockets as it is told. */
import type { ChildProcess } from 'node:child_process'
import { join } from 'node:path'
import { start, type Where } from '../../lab/process.ts'
import type { UndoStack } from '../../lab/undo.ts'
import type { Calls } from './agent-calls.ts'
import type { Answer } from './agent-main.ts'

type Result<N extends keyof Calls> = Awaited<ReturnType<Calls[N]>>

export class Agent {
  readonly #child: ChildProcess
  readonly #waiting = new Map<number, (answer: Answer) => void>()
  #orders = 0

  constructor(undo: UndoStack, where: Where) {
    const command = [process.execPath, join(import.meta.dirname, 'agent-main.js')]
    this.#child = start(undo, where, command, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
    this.#child.on('message', (answer: Answer) => {
      this.#waiting.get(answer.id)?.(answer)
      this.#waiting.delete(answer.id)
    })
    this.#child.on('exit', () => {
      for (const [id, answer] of this.#waiting) answer({ id, error: 'the agent ended' })
    })
  }

  async call<N extends keyof Calls>(call: N, ...args: Parameters<Calls[N]>): Promise<Result<N>> {
    const id = ++this.#orders
    const answer = await new Promise<Answer>((resolve) => {
      this.#waiting.set(id, resolve)
      this.#child.send({ id, call, args })
    })
    if ('error' in answer) throw new Error(answer.error)
    return answer.result as Result<N>
  }
}
