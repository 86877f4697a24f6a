/** Kernels on which the socket lane stays off, whatever a self-test says. */

interface Range {
  /** first version that is concerned, and the first that is not any more */
  readonly from: readonly [number, number]
  readonly to: readonly [number, number]
  readonly reason: string
}

const GUARDED: readonly Range[] = [
  {
    from: [0, 0],
    to: [6, 1],
    // tcp_bpf_recvmsg reads the receive queue of TCP first, and unread bytes are lost when a closed peer is unhashed.
    reason: 'before 6.1 bytes that were moved below TCP can be overtaken by later ones, or lost at the end',
  },
]

/** @param release as uname(2) has it @returns why the lane must stay off; undefined: nothing is known against it */
export function guardedReason(release: string): string | undefined {
  const [major = 0, minor = 0] = release.split('.').map(Number.parseFloat)
  const order = ([a, b]: readonly [number, number]): number => a * 10_000 + b
  const version = order([major, minor])
  const found = GUARDED.find(({ from, to }) => version >= order(from) && version < order(to))
  return found === undefined ? undefined : `kernel ${release}: ${found.reason}`
}
