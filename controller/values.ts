/** What a flag's text means. Each parser returns the value or throws `BadValue` with the reason alone. */
import { isAbsolute, resolve } from 'node:path'
import { isLevel, isLoggerName, LEVELS, type Level, LOGGER_NAMES, type LoggerName } from './log.ts'

export class BadValue extends Error {}

/** Where to listen. No host: on every address of the machine. */
export interface ListenAddress {
  readonly host?: string
  readonly port: number
}

export const ACCESS_LOG_FORMATS = ['text', 'json'] as const
export type AccessLogFormat = (typeof ACCESS_LOG_FORMATS)[number]

export interface AccessLogSettings {
  readonly format: AccessLogFormat
  /** absent: stdout */
  readonly file?: string
}

export function parseBoolean(text: string): boolean {
  switch (text.toLowerCase()) {
    case 'true':
    case 'on':
    case '1':
    case 'yes':
      return true
    case 'false':
    case 'off':
    case '0':
    case 'no':
      return false
    default:
      throw new BadValue(`${quote(text)} is neither true nor false`)
  }
}

export function parsePath(text: string): string {
  if (text === '') throw new BadValue('an empty path')
  return isAbsolute(text) ? text : resolve(text)
}

/** A path that fits into an address of a unix socket. */
export function parseSocketPath(text: string): string {
  const path = parsePath(text)
  const length = Buffer.byteLength(path)
  if (length > MAX_SOCKET_PATH)
    throw new BadValue(`${path} has ${length} bytes, a socket's path at most ${MAX_SOCKET_PATH}`)
  return path
}

const MAX_SOCKET_PATH = 107

export function parseChoice<T extends string>(text: string, choices: readonly T[]): T {
  const choice = choices.find((c) => c === text)
  if (choice === undefined) throw new BadValue(`${quote(text)} is none of ${choices.join(', ')}`)
  return choice
}

/** `HOST:PORT`, `[V6]:PORT`, `:PORT`; `off` gives undefined. Port 0: any free one. */
export function parseListen(text: string): ListenAddress | undefined {
  if (text === 'off') return undefined
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]\s]*)):(\d{1,5})$/.exec(text)
  const port = Number(match?.[3])
  if (match === null || port > 65535) throw new BadValue(`${quote(text)} is not HOST:PORT, [IPV6]:PORT, :PORT or off`)
  const host = match[1] ?? match[2]
  return host === undefined || host === '' ? { port } : { host, port }
}

/** Nothing authenticates whoever talks to the admin port: it must not leave the machine. */
export function parseLoopback(text: string): ListenAddress | undefined {
  const address = parseListen(text)
  if (address !== undefined && !isLoopback(address.host)) {
    throw new BadValue(`${quote(text)} is not a loopback address (127.0.0.0/8, [::1], localhost)`)
  }
  return address
}

export function isLoopback(host: string | undefined): boolean {
  return host === 'localhost' || host === '::1' || (host !== undefined && /^127(\.\d{1,3}){3}$/.test(host))
}

/** `off`, `text`, `json:/var/log/access.log` */
export function parseAccessLog(text: string): AccessLogSettings | undefined {
  if (text === 'off') return undefined
  const colon = text.indexOf(':')
  const name = colon < 0 ? text : text.slice(0, colon)
  const format = ACCESS_LOG_FORMATS.find((f) => f === name)
  if (format === undefined) throw new BadValue(`${quote(text)} is none of off, text, json, text:FILE, json:FILE`)
  return colon < 0 ? { format } : { format, file: parsePath(text.slice(colon + 1)) }
}

/** `info`, or `info,kernel:debug` */
export function parseLevels(text: string): Map<LoggerName, Level> {
  const levels = new Map<LoggerName, Level>()
  for (const part of list(text)) {
    const [name, level] = part.includes(':') ? part.split(':', 2) : ['default', part]
    if (name === undefined || !isLoggerName(name)) {
      throw new BadValue(`no logger ${quote(name ?? '')} (there are ${LOGGER_NAMES.join(', ')})`)
    }
    if (level === undefined || !isLevel(level)) {
      throw new BadValue(`${quote(level ?? '')} is none of ${LEVELS.join(', ')}`)
    }
    levels.set(name, level)
  }
  return levels
}

/** `NAME=N`, several by commas. `maps` are the names that there are. */
export function parseMapSizes(text: string, maps: readonly string[]): Map<string, number> {
  const sizes = new Map<string, number>()
  for (const part of list(text)) {
    const [name = '', size = ''] = part.split('=', 2)
    if (!maps.includes(name)) throw new BadValue(`no map ${quote(name)} (there are ${maps.join(', ')})`)
    const entries = Number(size)
    if (!/^\d+$/.test(size) || entries < 1 || entries > MAX_MAP_SIZE) {
      throw new BadValue(`${quote(part)}: not a number of entries from 1 to ${MAX_MAP_SIZE}`)
    }
    sizes.set(name, entries)
  }
  return sizes
}

const MAX_MAP_SIZE = 2 ** 26

/** The parts between commas. @throws BadValue on an empty one */
export function list(text: string): string[] {
  const parts = text.split(',').map((part) => part.trim())
  if (parts.includes('')) throw new BadValue(`${quote(text)} has an empty part`)
  return parts
}

export function quote(text: string): string {
  return JSON.stringify(text)
}
