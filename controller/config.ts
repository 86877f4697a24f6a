/** What kmeshd is asked to do, from its arguments and the environment. A flag goes before its variable. */
import { existsSync, statSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { maps, streams } from './abi/layouts.generated.ts'
import type { LogSettings } from './log.ts'
import {
  type AccessLogSettings,
  BadValue,
  type ListenAddress,
  list,
  parseAccessLog,
  parseBoolean,
  parseChoice,
  parseLevels,
  parseListen,
  parseLoopback,
  parseMapSizes,
  parsePath,
  parseSocketPath,
} from './values.ts'

export type Lane = 'connect' | 'socket'

export interface Config {
  readonly mode: 'standalone'
  readonly configFolder: string
  readonly lanes: ReadonlySet<Lane>
  readonly dnsProxy: boolean
  readonly mapSizes: ReadonlyMap<string, number>
  readonly pins: PinSettings
  readonly socket: string
  /** undefined: no such listener */
  readonly adminAddress: ListenAddress | undefined
  readonly metricsAddress: ListenAddress | undefined
  /** undefined: off */
  readonly accessLog: AccessLogSettings | undefined
  readonly log: LogSettings
  /** counts into the map `traffic` */
  readonly monitoring: boolean
  readonly node: NodeSettings
}

/** Where the programs hang and their pins lie. */
export interface PinSettings {
  /** undefined: the cgroup2 mount of this machine */
  readonly cgroup2Path: string | undefined
  readonly bpfFsPath: string
}

export interface NodeSettings {
  readonly name: string
  /** of the services' names */
  readonly clusterDomain: string
}

/** Texts of flags and variables as they were given. */
export interface Given {
  /** undefined: neither the flag nor its variable */
  text(flag: string): string | undefined
  /** how the user wrote it, for messages: `--lanes` or `KMESH_LANES` */
  origin(flag: string): string
}

export type Result<T> = { readonly value: T } | { readonly problems: readonly string[] }

export function configOf(given: Given, environment: NodeJS.ProcessEnv): Result<Config> {
  const reader = new Reader(given)
  reader.read('mode', parseMode, 'standalone')
  const configFolder = reader.read('config', parseFolder, '')
  if (given.text('config') === undefined) reader.problems.push('nothing to do: give --config DIR')
  const lanes = new Set(reader.read('lanes', parseLanes, []))
  const mda = reader.read('enable-mda', parseBoolean, undefined)
  if (mda === true) lanes.add('socket')
  if (mda === false) lanes.delete('socket')
  const config = {
    mode: 'standalone',
    configFolder,
    lanes,
    dnsProxy: reader.read('dns-proxy', parseBoolean, true),
    mapSizes: reader.read('map-size', (text) => parseMapSizes(text, SIZEABLE_MAPS), new Map()),
    pins: pins(reader),
    socket: reader.read('socket', parseSocketPath, ''),
    adminAddress: reader.read('admin-address', parseLoopback, undefined),
    metricsAddress: reader.read('metrics-address', parseListen, undefined),
    accessLog: reader.read('access-log', parseAccessLog, undefined),
    log: {
      format: reader.read('log-format', (text) => parseChoice(text, ['plain', 'json']), 'plain'),
      levels: reader.read('log-level', parseLevels, new Map()),
    },
    monitoring: reader.read('monitoring', parseBoolean, true),
    node: {
      name: environment['NODE_NAME'] || hostname(),
      clusterDomain: environment['KUBERNETES_CLUSTER_DOMAIN'] || environment['CLUSTER_DOMAIN'] || 'cluster.local',
    },
  } as const satisfies Config
  return reader.problems.length === 0 ? { value: config } : { problems: reader.problems }
}

export function pinSettingsOf(given: Given): Result<PinSettings> {
  const reader = new Reader(given)
  const value = pins(reader)
  return reader.problems.length === 0 ? { value } : { problems: reader.problems }
}

function pins(reader: Reader): PinSettings {
  return {
    cgroup2Path: reader.read('cgroup2-path', parseCgroup, undefined),
    bpfFsPath: reader.read('bpf-fs-path', parsePath, '/sys/fs/bpf'),
  }
}

/** Reads values and keeps what is wrong with them, so that one run names all mistakes. */
class Reader {
  readonly problems: string[] = []
  readonly #given: Given

  constructor(given: Given) {
    this.#given = given
  }

  /** @returns `absent` also where the text is wrong */
  read<T, U>(flag: string, parse: (text: string) => T, absent: U): T | U {
    const text = this.#given.text(flag)
    if (text === undefined) return absent
    try {
      return parse(text)
    } catch (error) {
      if (!(error instanceof BadValue)) throw error
      this.problems.push(`${this.#given.origin(flag)}: ${error.message}`)
      return absent
    }
  }
}

/** Hashes of all kinds (enum bpf_map_type): arrays have the size of what they index, storage of sockets has none. */
const HASHES: readonly number[] = [1, 5, 9, 10, 18]
const SIZEABLE_MAPS = [
  ...Object.entries(maps).flatMap(([name, { type }]) => (HASHES.includes(type) ? [name] : [])),
  ...Object.keys(streams),
]

function parseMode(text: string): 'standalone' {
  if (text === 'dual-engine' || text === 'kernel-native') {
    throw new BadValue(`not built yet: ${text} (configuration from istiod); use --mode standalone with --config DIR`)
  }
  return parseChoice(text, ['standalone'])
}

function parseLanes(text: string): Lane[] {
  const lanes = list(text).map((lane) => {
    if (lane === 'packet' || lane === 'user') throw new BadValue(`not built yet: the ${lane} lane`)
    return parseChoice<Lane>(lane, ['connect', 'socket'])
  })
  if (!lanes.includes('connect')) throw new BadValue('the connect lane cannot be left out: the others build on it')
  return lanes
}

function parseFolder(text: string): string {
  const path = parsePath(text)
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() !== true) throw new BadValue(`${path} is not a folder`)
  return path
}

function parseCgroup(text: string): string {
  const path = parsePath(text)
  if (!existsSync(join(path, 'cgroup.controllers'))) throw new BadValue(`${path} is not a cgroup2 directory`)
  return path
}
