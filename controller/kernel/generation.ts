/**
 * Which set of maps to work on: the pinned ones where they fit, else a new set beside
 * them, which takes over once it is filled.
 */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { type BpfMap, native } from '../../native/index.ts'
import { type Log, messageOf } from './error.ts'
import { list, type Pins, remove } from './pins.ts'
import { hasOurLayout } from './settings.ts'
import { TABLES } from './tables.ts'

export interface Generation {
  readonly number: number
  /** true: its content is what a former run left */
  readonly adopted: boolean
  /** maps that are there already, by name */
  readonly maps: ReadonlyMap<string, BpfMap>
}

/** @param sizes every map that there must be, with its entries */
export function chooseGeneration(pins: Pins, sizes: ReadonlyMap<string, number>, log: Log): Generation {
  const inForce = pins.inForce()
  for (const number of pins.generations()) {
    // Never put in force, or out of force already: a start that was cut short.
    if (number !== inForce) remove(pins.generation(number))
  }
  if (inForce === undefined) return { number: 1, adopted: false, maps: new Map() }

  const found = openMaps(pins, inForce, log)
  const settings = found.get('settings')
  const sameLayout = settings !== undefined && hasOurLayout(settings)
  const misfits = [...sizes].filter(([name, size]) => found.get(name)?.maxEntries !== size).map(([name]) => name)
  if (sameLayout && misfits.length === 0) return { number: inForce, adopted: true, maps: found }

  log.info(
    sameLayout
      ? `maps of another size are made beside the pinned ones: ${misfits.join(', ')}`
      : 'the pinned maps have another layout: new ones are made beside them',
  )
  // What the programs keep for themselves (open connections, counters) goes on where it can.
  const kept = new Map<string, BpfMap>()
  for (const [name, map] of found) {
    if (sameLayout && sizes.has(name) && !TABLES.has(name) && !misfits.includes(name)) kept.set(name, map)
    else map.close()
  }
  return { number: inForce + 1, adopted: false, maps: kept }
}

/** Pins all maps of a generation; those that are pinned already are left. */
export function pinGeneration(pins: Pins, number: number, maps: ReadonlyMap<string, BpfMap>): void {
  const directory = pins.generation(number)
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  const pinned = new Set(list(directory))
  for (const [name, map] of maps) {
    if (!pinned.has(name)) map.pin(join(directory, name))
  }
}

/** Takes away all generations but one. Maps that are still in use live on without a name. */
export function dropOtherGenerations(pins: Pins, number: number): void {
  for (const other of pins.generations()) {
    if (other !== number) remove(pins.generation(other))
  }
}

function openMaps(pins: Pins, generation: number, log: Log): Map<string, BpfMap> {
  const maps = new Map<string, BpfMap>()
  const directory = pins.generation(generation)
  for (const name of list(directory)) {
    try {
      maps.set(name, native().openPinnedMap(join(directory, name)))
    } catch (error) {
      log.warn(`${join(directory, name)} is not a map: ${messageOf(error)}`)
    }
  }
  return maps
}
