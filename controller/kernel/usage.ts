/** How full the maps are, what they weigh, and how often the programs ran. */
import { type BpfMap, native } from '../../native/index.ts'
import type { Links } from './links.ts'

/** enum bpf_map_type: hashes, whose entries come and go */
const HASHES: ReadonlySet<number> = new Set([1, 5, 9, 10])

export interface MapUsage {
  readonly name: string
  readonly id: number
  /** undefined: has none to count (a ring buffer, socket storage), or always all of them (an array) */
  readonly entries: number | undefined
  readonly maxEntries: number
  /** of kernel memory; 0: not known */
  readonly bytes: number
}

export interface ProgramUsage {
  readonly hook: string
  readonly name: string
  readonly id: number
  readonly tag: string
  /** zero unless kernel.bpf_stats_enabled */
  readonly runs: bigint
  readonly nanoseconds: bigint
  /** inode of the cgroup it is attached to; 0: not attached any more */
  readonly cgroup: bigint
}

/** @param known entries that somebody keeps count of: counting 100,000 takes the kernel some 20 ms */
export function readMapUsage(maps: ReadonlyMap<string, BpfMap>, known: ReadonlyMap<string, number>): MapUsage[] {
  return [...maps].map(([name, map]) => ({
    name,
    id: map.id,
    entries: HASHES.has(map.type) ? (known.get(name) ?? map.count()) : undefined,
    maxEntries: map.maxEntries,
    bytes: map.memlock(),
  }))
}

export function readProgramUsage(links: Links): ProgramUsage[] {
  return links.list().map(({ hook, programId, cgroup }) => {
    const program = native().programById(programId)
    const { name, id, tag } = program
    const { runs, ns } = program.stats()
    program.close()
    return { hook, name, id, tag, runs, nanoseconds: ns, cgroup }
  })
}
