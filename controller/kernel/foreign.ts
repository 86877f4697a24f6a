/** Programs of others on our hooks: they may rewrite or refuse what we route. */
import { native } from '../../native/index.ts'
import { errnoOf, type KernelProblem } from './error.ts'

/**
 * @param attachTypes by hook
 * @param ours ids of our own programs
 * @param misplaced hooks on which the kernel gave us no choice of place
 */
export function findForeignPrograms(
  attachTypes: ReadonlyMap<string, number>,
  cgroup: string,
  ours: ReadonlySet<number>,
  misplaced: readonly string[],
): KernelProblem[] {
  return [...attachTypes].flatMap(([hook, attachType]) =>
    native()
      .queryPrograms({ path: cgroup }, attachType, true)
      .filter((id) => !ours.has(id))
      .map((id) => ({
        severity: 'warning' as const,
        about: hook,
        message: `${programName(id)} (id ${id}) of somebody else is on this hook too: it may change what we route${
          misplaced.includes(hook) ? ', and this kernel has no order among programs (6.17 has)' : ''
        }`,
      })),
  )
}

function programName(id: number): string {
  try {
    const program = native().programById(id)
    const { name } = program
    program.close()
    return name === '' ? 'a program without a name' : `program ${name}`
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return 'a program that just went'
    throw error
  }
}
