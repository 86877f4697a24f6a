/** The process behind an Agent: carries out what its parent asks over the IPC channel. */
import { calls } from './agent-calls.ts'

export interface Order {
  readonly id: number
  readonly call: keyof typeof calls
  readonly args: readonly unknown[]
}

export type Answer = { readonly id: number } & ({ readonly result: unknown } | { readonly error: string })

process.on('message', ({ id, call, args }: Order) => {
  const run = calls[call] as (...args: readonly unknown[]) => Promise<unknown>
  run(...args).then(
    (result) => process.send?.({ id, result }),
    (error: unknown) =>
      process.send?.({ id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
  )
})
process.on('disconnect', () => process.exit(0))
