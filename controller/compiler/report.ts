/** How the parts of the compiler tell what they could not honour. */
import type { Place, Problem } from '../model/problem.ts'

export type Report = (problem: Problem) => void

export function placeOf(about: {
  readonly resource: string
  readonly place?: Place
}): Pick<Problem, 'resource' | 'place'> {
  return about.place === undefined ? { resource: about.resource } : { resource: about.resource, place: about.place }
}

/** The same problem met several times (by several ports, addresses or services) is told once. */
export function collectProblems(): { readonly report: Report; readonly collected: () => Problem[] } {
  const told = new Map<string, Problem>()
  return {
    report: (problem) => void told.set(`${problem.resource} ${problem.field} ${problem.message}`, problem),
    collected: () => [...told.values()],
  }
}
