/** What works less well than it should, of a data plane as it stands now. */
import { statSync } from 'node:fs'
import type { KernelProblem } from './error.ts'
import { type Features, missingFeatures } from './features.ts'
import { findForeignPrograms } from './foreign.ts'
import type { Lanes } from './lanes.ts'
import type { Attachment } from './links.ts'
import type { SelfTest } from './self-test.ts'

export interface Observed {
  readonly features: Features
  readonly lanes: Lanes
  readonly cgroupPath: string
  readonly attached: readonly Attachment[]
  readonly active: boolean
  readonly selfTest: SelfTest | undefined
  /** hooks on which we could not choose our place */
  readonly misplaced: readonly string[]
}

export function findProblems(observed: Observed): KernelProblem[] {
  const { features, lanes, cgroupPath, attached, active, selfTest, misplaced } = observed
  const ours = new Set(attached.map(({ programId }) => programId))
  const attachTypes = lanes.hooks.map(
    ({ name, program }) => [name, lanes.programs.get(program)?.attachType ?? 0] as const,
  )
  return [
    ...missingFeatures(features),
    ...(active ? findDetached(lanes, attached, cgroupPath) : []),
    ...findForeignPrograms(new Map(attachTypes), cgroupPath, ours, misplaced),
    ...selfTestProblems(selfTest),
  ]
}

/** A link outlives its cgroup, attached to nothing. */
function findDetached({ hooks }: Lanes, attached: readonly Attachment[], cgroupPath: string): KernelProblem[] {
  const id = statSync(cgroupPath, { bigint: true, throwIfNoEntry: false })?.ino
  return hooks
    .filter(({ name }) => !attached.some(({ hook, cgroup }) => hook === name && cgroup === id))
    .map(({ name }) => ({ severity: 'error', about: name, message: `not attached to ${cgroupPath} any more` }))
}

function selfTestProblems(selfTest: SelfTest | undefined): KernelProblem[] {
  if (selfTest === undefined || selfTest.is === 'passed') return []
  return [{ severity: selfTest.is === 'failed' ? 'error' : 'warning', about: 'self-test', message: selfTest.message }]
}
