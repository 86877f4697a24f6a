/** `npm start`: the demo, or kmeshd on a folder of the user's. Whatever happens, nothing of it is left behind. */
import { UndoStack } from '../../lab/undo.ts'
import { parseStart, type StartOptions } from './arguments.ts'
import { runDemo } from './demo.ts'
import { runOwnDaemon } from './own-daemon.ts'

async function main(options: StartOptions): Promise<number> {
  if (options.is === 'text') {
    ;(options.status === 0 ? process.stdout : process.stderr).write(options.text)
    return options.status
  }
  const undo = new UndoStack()
  const interrupt = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => interrupt.abort())
  const begun = performance.now()
  // With JSON, only that is for stdout.
  const out = options.is === 'demo' && options.json ? process.stderr : process.stdout
  const tell = (line: string): void => void out.write(`${line}\n`)
  let work: Promise<number> | undefined
  try {
    if (options.is === 'daemon') return await runOwnDaemon(undo, options.flags, options.keep)
    work = runDemo(undo, { ...options, signal: interrupt.signal, tell })
    return await Promise.race([work, interrupted(interrupt.signal, options.once, work)])
  } catch (error) {
    process.stderr.write(`npm start: ${error instanceof Error ? error.message : String(error)}\n`)
    return 1
  } finally {
    // An interrupted demo fails as its parts vanish; what it made meanwhile goes in the second turn.
    const left = [...(await undo.run())]
    await work?.catch(() => undefined)
    for (const line of [...left, ...(await undo.run())]) process.stderr.write(`npm start: could not remove ${line}\n`)
    if (options.is === 'demo')
      tell(`everything is removed again, after ${((performance.now() - begun) / 1000).toFixed(1)} s`)
  }
}

/** Ctrl-C ends the endless demo well; one that was to end by itself, it ends early. */
function interrupted(signal: AbortSignal, once: boolean, work: Promise<number>): Promise<number> {
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => {
      if (once) resolve(130)
      else void work.then(resolve, () => resolve(130))
    })
  })
}

process.exitCode = await main(parseStart(process.argv.slice(2)))
