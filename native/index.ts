/**
 * The typed face of the addon: file descriptors and buffers, no policy.
 * The only file that loads the `.node`.
 */
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** What a failed call throws. */
export interface BpfError extends Error {
  /** Name of the errno, as in errno(3): `EPERM`, `E2BIG`, ... */
  readonly code: string
  /** Negative, as in Node's own errors. */
  readonly errno: number
  /** The libbpf or system call that failed. */
  readonly syscall: string
  /** What libbpf printed during the call, the verifier's log included. */
  readonly bpfLog: string
}

/** All entries of a map, packed: `count` keys of `keySize` bytes, values likewise. */
export interface Packed {
  readonly count: number
  readonly keys: Uint8Array
  readonly values: Uint8Array
}

/** A BPF map, by a file descriptor of its own. Per-CPU values are `valueSize` = 8-byte-rounded size x possible CPUs. */
export interface BpfMap {
  readonly fd: number
  readonly id: number
  /** As the kernel keeps it: the first 15 characters. */
  readonly name: string
  /** enum bpf_map_type */
  readonly type: number
  readonly keySize: number
  readonly valueSize: number
  readonly maxEntries: number
  /** undefined: no such entry. */
  lookup(key: Uint8Array): Buffer | undefined
  /** @param flags BPF_ANY 0, BPF_NOEXIST 1, BPF_EXIST 2, BPF_F_LOCK 4 */
  update(key: Uint8Array, value: Uint8Array, flags?: number): void
  /** false: there was none. */
  delete(key: Uint8Array): boolean
  nextKey(key?: Uint8Array): Buffer | undefined
  /** BPF_MAP_UPDATE_BATCH; single updates where the kernel or map type lacks it. On error `done` entries are written: see BpfError.message. */
  updateBatch(keys: Uint8Array, values: Uint8Array, count: number): void
  /** Missing keys are skipped. */
  deleteBatch(keys: Uint8Array, count: number): void
  /** @throws EBUSY when a map without batch commands changes faster than it can be read */
  dump(): Packed
  /** Entries of a hash, without bringing them over the border. */
  count(): number
  /** bytes of kernel memory, from fdinfo `memlock`; 0 where unknown */
  memlock(): number
  pin(path: string): void
  close(): void
}

/** A loaded program, by a file descriptor of its own. */
export interface BpfProgram {
  readonly fd: number
  readonly id: number
  /** As the kernel keeps it: the first 15 characters. */
  readonly name: string
  /** sha1 prefix of the instructions, 16 hex digits (struct bpf_prog_info.tag) */
  readonly tag: string
  /** Instructions that the verifier walked (5.16+), else 0. */
  readonly verifiedInsns: number
  /** Ids of the maps it uses (struct bpf_prog_info.map_ids): tells two loads of one program apart, whose tags are equal. */
  readonly mapIds: readonly number[]
  /** run_cnt and run_time_ns; zero unless BPF statistics are on. */
  stats(): { readonly runs: bigint; readonly ns: bigint }
  /** BPF_PROG_TEST_RUN. @throws ENOTSUPP where the program type has none */
  testRun(args: { data?: Uint8Array; ctx?: Uint8Array; repeat?: number }): {
    readonly retval: number
    readonly durationNs: number
    readonly data: Buffer
    readonly ctx: Buffer
  }
  pin(path: string): void
  close(): void
}

/** A bpf_link. Without a pin the attachment ends with the last descriptor. */
export interface BpfLink {
  readonly fd: number
  readonly id: number
  readonly programId: number
  /** BPF_LINK_UPDATE: replaces the program with no moment in between. */
  update(program: BpfProgram): void
  pin(path: string): void
  /** BPF_LINK_DETACH: detaches now, whoever else holds it. */
  detach(): void
  close(): void
}

/** An ELF object on its way into the kernel. Call order: settings, load, then programs and maps. */
export interface BpfObject {
  /** Without the maps that libbpf makes for .rodata, .data and .bss. */
  names(): {
    readonly maps: readonly string[]
    readonly programs: readonly { name: string; section: string; type: number; attachType: number }[]
  }
  /** A `const volatile` variable, by name. @throws ENOENT where there is none, RangeError on another size */
  setRodata(variable: string, value: Uint8Array): void
  setMaxEntries(map: string, entries: number): void
  /** Instead of a new map. @throws EINVAL on another type, key size, value size or flags; max_entries become the map's. */
  reuseMap(name: string, map: BpfMap): void
  setAutoload(program: string, on: boolean): void
  /** enum bpf_attach_type; for one function attached in two places */
  setAttachType(program: string, attachType: number): void
  /** @throws with the verifier's log in `bpfLog`; the object is of no use then */
  load(): void
  map(name: string): BpfMap
  program(name: string): BpfProgram
  /** Maps and programs that were asked for live on. */
  close(): void
}

/**
 * An open one does not keep the process alive. What a callback throws ends the reading at that
 * record; it comes out of `consume`, or of the wake-up as an uncaught exception.
 */
export interface RingBuffer {
  /** Reads all records that are ready, now. @returns how many; 0 from within a callback */
  consume(): number
  /** No callback comes afterwards. Allowed from within one. */
  close(): void
}

/**
 * Where to attach among programs that are already there (BPF_F_BEFORE, BPF_F_AFTER; cgroup: kernel 6.17, tcx: 6.6).
 * On a cgroup the other program must be there by a link, as ours is; 'last' is where every kernel attaches by itself.
 */
export interface LinkOrder {
  readonly place: 'first' | 'last' | 'before' | 'after'
  /** program id, for before and after */
  readonly relativeTo?: number
}

export interface Native {
  readonly openObject: (fileOrBytes: string | Uint8Array) => BpfObject
  readonly openPinnedMap: (path: string) => BpfMap
  readonly openPinnedProgram: (path: string) => BpfProgram
  readonly openPinnedLink: (path: string) => BpfLink
  readonly programById: (id: number) => BpfProgram
  readonly createMap: (spec: {
    name: string
    type: number
    keySize: number
    valueSize: number
    maxEntries: number
    flags?: number
  }) => BpfMap
  /**
   * BPF_LINK_CREATE. Target: a cgroup directory or network namespace file by path, an interface by
   * index (tcx), a sockmap by map.
   * @throws EINVAL where the kernel lacks the link type or the order
   */
  readonly attachLink: (
    program: BpfProgram,
    target: { path: string } | { ifindex: number } | { map: BpfMap },
    attachType: number,
    order?: LinkOrder,
  ) => BpfLink
  /** BPF_PROG_ATTACH, for sockmaps on kernels without sockmap links. Ends only by `detachProgram`. */
  readonly attachProgram: (program: BpfProgram, target: BpfMap, attachType: number) => void
  readonly detachProgram: (program: BpfProgram, target: BpfMap, attachType: number) => void
  /** BPF_PROG_QUERY. Ids of the programs on a cgroup, in the order in which they run. `effective` includes inherited ones. */
  readonly queryPrograms: (
    target: { path: string } | { ifindex: number },
    attachType: number,
    effective?: boolean,
  ) => number[]
  /**
   * Runs a BPF iterator (BPF_TRACE_ITER) once, to its end: everything it wrote with bpf_seq_write.
   * `map` for programs that walk the entries of a map, such as `iter/bpf_sk_storage_map`.
   */
  readonly iterate: (program: BpfProgram, map?: BpfMap) => Buffer
  /** Records arrive on the main thread. `pollMs` 0: at once (a waiting thread); else read by timer, with no wake-up per record. */
  readonly ringBuffer: (map: BpfMap, onRecord: (record: Buffer) => void, pollMs: number) => RingBuffer
  /** Does the kernel have the helper for this program type, at the type's most usual hook? */
  readonly probeHelper: (programType: number, helper: number) => boolean
  readonly probeMapType: (mapType: number) => boolean
  readonly probeProgramType: (programType: number) => boolean
  readonly libbpfVersion: () => string
  /** Cookie of a network namespace, by its file (SO_NETNS_COOKIE, kernel 5.14). @throws ENOPROTOOPT on older kernels */
  readonly netnsCookie: (path: string) => bigint
  /**
   * A socket made inside the namespace: listening (tcp), bound (udp), or a TCP connection on its way (connect);
   * non-blocking, the descriptor is the caller's.
   * It carries SO_MARK = DAEMON_MARK (bpf/include/types.h): the programs take it for the daemon's, not the member's.
   */
  readonly socketIn: (netns: string, kind: 'tcp' | 'udp' | 'connect', address: string, port: number) => number
  /**
   * Runs connect(2) on a UDP socket in a forked child: first joins `cgroup`, then `netns`. For hooks that must see a namespace.
   * @throws with the errno of connect(2)
   */
  readonly probeConnect: (netns: string | undefined, cgroup: string, address: string, port: number) => void
  /** flock(2) LOCK_EX|LOCK_NB on a file or directory. @throws EWOULDBLOCK while another process holds it. @returns descriptor */
  readonly lock: (path: string) => number
  readonly closeFd: (fd: number) => void
  /** mount(2) of a bpffs; `unmount` by umount2(MNT_DETACH) */
  readonly mountBpffs: (path: string) => void
  readonly unmount: (path: string) => void
  /** f_type of statfs(2): 0xcafe4a11 bpffs, 0x63677270 cgroup2 */
  readonly fsType: (path: string) => number
  /** execve(2) in place: replaces the process; `args` without argv[0]. Only returns by throwing. */
  readonly exec: (file: string, args: readonly string[], environment: Readonly<Record<string, string>>) => never
  /** setns(2) of the calling (main) thread into a namespace file, before exec. */
  readonly enterNamespace: (path: string) => void
  /** CLOCK_MONOTONIC in ns, the clock of bpf_ktime_get_ns */
  readonly monotonicNs: () => bigint
}

/** The folder that holds `build/` and `package.json`. */
export function projectRoot(): string {
  for (let dir = dirname(fileURLToPath(import.meta.url)); ; dir = dirname(dir)) {
    if (existsSync(join(dir, 'package.json')) && existsSync(join(dir, 'bpf'))) return dir
    if (dir === dirname(dir)) throw new Error('the project folder was not found')
  }
}

/** What the `.node` itself exports. */
interface Addon extends Omit<Native, 'ringBuffer'> {
  readonly ringBuffer: (map: BpfMap, onRecord: (record: Buffer) => void, wake: boolean) => RingBuffer
}

/** Reads by timer: one wake-up per interval, however many records. */
function pollRingBuffer(ring: RingBuffer, pollMs: number): RingBuffer {
  const timer = setInterval(() => ring.consume(), pollMs).unref()
  return {
    consume: () => ring.consume(),
    close() {
      clearInterval(timer)
      ring.close()
    },
  }
}

function load(file: string): Native {
  const addon = createRequire(import.meta.url)(file) as Addon
  return {
    ...addon,
    ringBuffer(map, onRecord, pollMs) {
      const ring = addon.ringBuffer(map, onRecord, pollMs === 0)
      return pollMs === 0 ? ring : pollRingBuffer(ring, pollMs)
    },
  }
}

let loaded: Native | undefined

/** @throws Error with one clear line when the addon was not built */
export function native(): Native {
  if (loaded === undefined) {
    const file = process.env['KMESH_NATIVE'] ?? join(projectRoot(), 'build', 'native', 'Release', 'kmesh_native.node')
    if (!existsSync(file)) throw new Error(`${file} is missing: run "npm run build"`)
    loaded = load(file)
  }
  return loaded
}
