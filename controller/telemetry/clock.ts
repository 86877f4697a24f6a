/** Times of the kernel (CLOCK_MONOTONIC) as times of the day. */

export interface Clock {
  /** ms since 1970 */
  readonly wallMs: () => number
  /** CLOCK_MONOTONIC: what bpf_ktime_get_ns counts */
  readonly monotonicNs: () => bigint
}

export const systemClock: Clock = { wallMs: Date.now, monotonicNs: process.hrtime.bigint }

/** Asked anew each time: the time of the day can be set. */
export function wallTime(clock: Clock, ns: bigint): Date {
  return new Date(clock.wallMs() - Number(clock.monotonicNs() - ns) / 1e6)
}
