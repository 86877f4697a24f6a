/** Is the program that runs the one that we would put there? Then nothing is to be done. */
import { type BpfMap, type BpfProgram, native } from '../../native/index.ts'
import { errnoOf } from './error.ts'

/** @returns undefined: it is gone */
export function programById(id: number): BpfProgram | undefined {
  try {
    return native().programById(id)
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined
    throw error
  }
}

/**
 * The same instructions on the same maps? Constants are not compared: they are in maps that
 * each load makes for itself.
 */
export function isSameProgram(running: BpfProgram, wanted: BpfProgram, maps: ReadonlyMap<string, BpfMap>): boolean {
  const shared = new Set([...maps.values()].map((map) => map.id))
  // Equal instructions use equally many maps, so one direction is enough.
  return running.tag === wanted.tag && wanted.mapIds.every((id) => !shared.has(id) || running.mapIds.includes(id))
}
