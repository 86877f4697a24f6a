/**
 * The program of the socket lane that stands on the map of sockets, and goes with it. Its
 * pin tells the next start which one stands there.
 */
import { existsSync, renameSync } from 'node:fs'
import { type BpfMap, type BpfProgram, native } from '../../native/index.ts'
import { errnoOf } from './error.ts'
import { remove } from './pins.ts'
import { isSameProgram } from './same-program.ts'

/** enum bpf_attach_type */
const SK_MSG_VERDICT = 7

/**
 * Sockets that are in the map already keep the program they came in with.
 * @param pin path of the program's pin
 * @param maps all maps that programs of ours use
 */
export function putOnSockets(
  pin: string,
  sockets: BpfMap,
  program: BpfProgram,
  maps: ReadonlyMap<string, BpfMap>,
): void {
  const running = existsSync(pin) ? native().openPinnedProgram(pin) : undefined
  const isCurrent = running !== undefined && isSameProgram(running, program, maps)
  running?.close()
  if (isCurrent) return
  native().attachProgram(program, sockets, SK_MSG_VERDICT)
  const beside = `${pin}_new`
  remove(beside)
  program.pin(beside)
  renameSync(beside, pin)
}

/** From now on no socket comes under a program of ours. */
export function dropFromSockets(pin: string, sockets: BpfMap): void {
  if (!existsSync(pin)) return
  const running = native().openPinnedProgram(pin)
  try {
    native().detachProgram(running, sockets, SK_MSG_VERDICT)
  } catch (error) {
    // It stood on the map of another generation.
    if (errnoOf(error) !== 'ENOENT') throw error
  }
  running.close()
  remove(pin)
}
