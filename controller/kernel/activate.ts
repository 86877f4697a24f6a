/** Puts a filled generation in force: every hook goes over to programs that read its maps. */
import { join } from 'node:path'
import type { LinkOrder } from '../../native/index.ts'
import { dropOtherGenerations } from './generation.ts'
import { SOCKET_LANE_REDIRECT } from './hooks.ts'
import type { Lanes } from './lanes.ts'
import type { Links } from './links.ts'
import type { LoadedProgram } from './loader.ts'
import type { Pins } from './pins.ts'
import { isSameProgram, programById } from './same-program.ts'
import { dropFromSockets, putOnSockets } from './sockmap.ts'

export interface Activation {
  readonly pins: Pins
  readonly links: Links
  readonly generation: number
  readonly lanes: Lanes
  readonly cgroupPath: string
  readonly order: LinkOrder
}

/**
 * Killed at any point of it, each hook runs on a complete generation, and the next start ends what was begun.
 * @returns the hooks on which we could not be put where `order` says
 */
export function activate({ pins, links, generation, lanes, cgroupPath, order }: Activation): string[] {
  const { programs, maps, hooks } = lanes
  const redirect = lanes.withoutSocketLane === undefined ? programOf(programs, SOCKET_LANE_REDIRECT) : undefined
  const pinOfRedirect = join(pins.programs, 'redirect')
  const sockets = maps.get('sockets')
  if (sockets === undefined) throw new Error('no object has a map sockets')

  pins.setCgroup(cgroupPath)
  pins.putInForce(generation)
  const constants = JSON.stringify(lanes.objects)
  const sameConstants = pins.loaded() === constants
  const misplaced: string[] = []
  // Before the hooks: a socket comes onto the map only by one of them.
  if (redirect !== undefined) putOnSockets(pinOfRedirect, sockets, redirect.program, maps)
  for (const { name, program: wanted } of hooks) {
    const program = programOf(programs, wanted)
    const isCurrent = (id: number): boolean => {
      const running = sameConstants ? programById(id) : undefined
      const same = running !== undefined && isSameProgram(running, program.program, maps)
      running?.close()
      return same
    }
    if (!links.put(name, program, cgroupPath, isCurrent, order)) misplaced.push(name)
  }
  pins.setLoaded(constants)
  links.dropOthers(hooks.map(({ name }) => name))
  if (redirect === undefined) dropFromSockets(pinOfRedirect, sockets)
  dropOtherGenerations(pins, generation)
  return misplaced
}

function programOf(programs: ReadonlyMap<string, LoadedProgram>, name: string): LoadedProgram {
  const program = programs.get(name)
  if (program === undefined) throw new Error(`no object has a program ${name}`)
  return program
}
