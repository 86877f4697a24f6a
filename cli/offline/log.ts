/** Where the kernel layer's remarks go when no daemon is there: warnings to stderr, the rest nowhere. */
import type { Log } from '../../controller/kernel/error.ts'
import { oneLine } from '../../controller/model/text.ts'

function say(message: string): void {
  process.stderr.write(`kmeshctl: ${oneLine(message)}\n`)
}

function nothing(): void {}

export const warnings: Log = { debug: nothing, info: nothing, warn: say, error: say }
export const silence: Log = { debug: nothing, info: nothing, warn: nothing, error: nothing }
