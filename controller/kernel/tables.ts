/** Which maps there are, how large they may be, and who fills them. */
import { maps, streams } from '../abi/layouts.generated.ts'
import { KernelError } from './error.ts'

/** Filled by the controller: they go from one generation to the next as a whole. The others belong to the programs. */
export const TABLES: ReadonlySet<string> = new Set([
  'members',
  'frontends',
  'services',
  'slots',
  'set_members',
  'workloads',
  'nameservers',
  'cursors',
  'settings',
] satisfies (keyof typeof maps)[])

/** enum bpf_map_type of maps whose number of entries is a matter of taste */
const HASHES: ReadonlySet<number> = new Set([1, 5, 9, 10, 18])
const PAGE = 4096

/**
 * Entries of every map, by name.
 * @param wished as given by --map-size
 * @throws KernelError that names the wish that cannot be
 */
export function mapSizes(wished: Readonly<Record<string, number>>): ReadonlyMap<string, number> {
  const sizes = new Map<string, number>()
  const resizable = new Set<string>()
  for (const [name, map] of Object.entries(maps)) {
    sizes.set(name, map.maxEntries)
    if (HASHES.has(map.type)) resizable.add(name)
  }
  for (const [name, stream] of Object.entries(streams as Record<string, { maxEntries: number }>)) {
    sizes.set(name, stream.maxEntries)
    resizable.add(name)
  }
  for (const [name, size] of Object.entries(wished)) {
    if (!resizable.has(name)) {
      throw new KernelError('path', `--map-size ${name}: no such map; there are ${[...resizable].sort().join(', ')}`)
    }
    if (!Number.isInteger(size) || size < 1 || size > 2 ** 31) {
      throw new KernelError('path', `--map-size ${name}=${size}: not a number of entries (1 to ${2 ** 31})`)
    }
    if (name in streams && (size < PAGE || !Number.isInteger(Math.log2(size)))) {
      throw new KernelError('path', `--map-size ${name}=${size}: bytes of a ring buffer, a power of two from ${PAGE}`)
    }
    sizes.set(name, size)
  }
  return sizes
}
