/**
 * Variants side by side: every round runs each of them once, in an order that turns, so that what drifts on the
 * machine hits all alike. Figures are medians over rounds; a ratio is taken round by round before its median.
 */
import { availableParallelism, loadavg } from 'node:os'
import { median } from '../lab/statistics.ts'

/** A figure of one run, by name. */
export type Sample = Readonly<Record<string, number>>

export interface Variant {
  readonly name: string
  run(): Promise<Sample>
}

export interface Round {
  readonly load: number
  readonly samples: Readonly<Record<string, Sample>>
}

export interface Measured {
  readonly rounds: readonly Round[]
  /** the machine did other things meanwhile: figures do not count */
  readonly noisy: boolean
}

/** Above this, the middle half of the rounds disagrees by more than the differences we want to see. */
const NOISY_SPREAD = 0.15

/** @param figure by which noise is judged, a figure that every variant has */
export async function runRounds(
  variants: readonly Variant[],
  count: number,
  figure: string,
  progress: (line: string) => void,
): Promise<Measured> {
  const before = loadavg()[0] ?? 0
  const rounds: Round[] = []
  for (let round = 0; round < count; round++) {
    const samples: Record<string, Sample> = {}
    for (let i = 0; i < variants.length; i++) {
      const variant = variants[(i + round) % variants.length]
      if (variant !== undefined) samples[variant.name] = await variant.run()
    }
    rounds.push({ load: loadavg()[0] ?? 0, samples })
    const shown = variants.map(({ name }) => `${name} ${Math.round(samples[name]?.[figure] ?? 0)}`)
    progress(`round ${round + 1}/${count}: ${shown.join(', ')}`)
  }
  const spreads = variants.map(({ name }) => spread(rounds.map(({ samples }) => samples[name]?.[figure] ?? 0)))
  const busy = before > availableParallelism() / 2
  return { rounds, noisy: busy || spreads.some((value) => value > NOISY_SPREAD) }
}

/** Half the distance between the quartiles, relative to the median. */
export function spread(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const at = (share: number): number => sorted[Math.round((sorted.length - 1) * share)] ?? 0
  return (at(0.75) - at(0.25)) / 2 / (median(values) || 1)
}

/** Median of `figure` of one variant over that of another, round by round. */
export function ratio(rounds: readonly Round[], figure: string, of: string, to: string): number {
  return median(
    rounds.map(({ samples }) => (samples[of]?.[figure] ?? 0) / (samples[to]?.[figure] ?? Number.POSITIVE_INFINITY)),
  )
}

export function medianOf(rounds: readonly Round[], figure: string, of: string): number {
  return median(rounds.map(({ samples }) => samples[of]?.[figure] ?? 0))
}
