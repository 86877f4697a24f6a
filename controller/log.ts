/**
 * The daemon's log: one line a record on stderr, plain or JSON, written before the call returns.
 * Each part of the daemon has a logger of its own, whose level can be changed while it runs.
 */
import pino, { type Logger } from 'pino'
import { oneLine, word } from './model/text.ts'

export const LOGGER_NAMES = ['default', 'sources', 'kernel', 'telemetry', 'dns', 'admin'] as const
export type LoggerName = (typeof LOGGER_NAMES)[number]

export const LEVELS = ['error', 'warn', 'info', 'debug', 'trace'] as const
export type Level = (typeof LEVELS)[number]

export type LogFormat = 'plain' | 'json'
export type Levels = ReadonlyMap<LoggerName, Level>

export interface LogSettings {
  readonly format: LogFormat
  /** loggers that are not named have the level of `default` */
  readonly levels: Levels
}

interface Sink {
  write(line: string): void
}

export class Logs {
  readonly #loggers = new Map<LoggerName, Logger>()

  constructor(settings: LogSettings, sink: Sink = pino.destination({ fd: 2, sync: true })) {
    const destination = settings.format === 'json' ? sink : { write: (line: string) => sink.write(plain(line)) }
    const level = settings.levels.get('default') ?? 'info'
    // The root lets everything pass: a child's level alone decides.
    const options = {
      base: null,
      level: 'trace',
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: label },
    }
    const root = pino(options, destination)
    for (const name of LOGGER_NAMES) {
      this.#loggers.set(name, root.child({ logger: name }, { level: settings.levels.get(name) ?? level }))
    }
  }

  get(name: LoggerName): Logger {
    const logger = this.#loggers.get(name)
    if (logger === undefined) throw new Error(`no logger ${name}`)
    return logger
  }

  levels(): Levels {
    return new Map([...this.#loggers].map(([name, logger]) => [name, logger.level as Level]))
  }

  setLevel(name: LoggerName, level: Level): void {
    this.get(name).level = level
  }
}

export function isLoggerName(name: string): name is LoggerName {
  return (LOGGER_NAMES as readonly string[]).includes(name)
}

export function isLevel(level: string): level is Level {
  return (LEVELS as readonly string[]).includes(level)
}

function label(level: string): { level: string } {
  return { level }
}

/** `2026-11-21T10:00:00.000Z info  kernel: attached programs=9`: always one line. */
function plain(json: string): string {
  const { time, level, logger, msg, err, ...rest } = JSON.parse(json) as Record<string, unknown>
  const error = (err as { message?: string } | undefined)?.message
  const message = [msg, error === msg ? undefined : error].filter((text) => typeof text === 'string').join(': ')
  const fields = Object.entries(rest).map(([name, value]) => {
    return ` ${name}=${word(typeof value === 'string' ? value : JSON.stringify(value))}`
  })
  return `${time} ${String(level).padEnd(5)} ${logger}: ${oneLine(message)}${fields.join('')}\n`
}
