/**
 * YAML text to documents that know their lines. One parser decides what the text means (js-yaml's events, which
 * carry offsets into the text); only the report of a syntax error asks a second, tolerant one for the field.
 * Documents are parsed one after the other: the events of a long file take many times its own size.
 */
import { CORE_SCHEMA, constructFromEvents, EVENT_ID, mergeTag, parseEvents, YAMLException } from 'js-yaml'
import { EventPlaces } from './event-places.ts'
import type { FieldKey } from './field.ts'
import { type BrokenPlace, describeBroken } from './yaml-broken.ts'

export interface YamlDocument {
  readonly value: unknown
  /** @returns the line, from 1, of the field at this path, or of the nearest one above it */
  readonly lineOf: (path: readonly FieldKey[]) => number
}

export class YamlError extends Error {
  readonly line: number
  readonly broken: BrokenPlace

  constructor(message: string, line: number, broken: BrokenPlace) {
    super(message)
    this.name = 'YamlError'
    this.line = line
    this.broken = broken
  }
}

/** Aliases multiply what a file says: a few are handy, many are an attack. */
const ALIAS_LIMIT = 100

const SCHEMA = CORE_SCHEMA.withTags(mergeTag)

/** @throws YamlError where the text is no YAML; what was yielded before is sound */
export function* parseYaml(text: string): Generator<YamlDocument> {
  let firstLine = 1
  for (const chunk of splitDocuments(text)) {
    yield* parseChunk(chunk, firstLine)
    firstLine += countLines(chunk)
  }
}

function parseChunk(text: string, firstLine: number): YamlDocument[] {
  try {
    const events = parseEvents(text, {})
    const values = constructFromEvents(events, { source: text, schema: SCHEMA, maxAliases: ALIAS_LIMIT })
    const places = new EventPlaces(text, events)
    const roots = [...events.keys()].filter((n) => events[n]?.type === EVENT_ID.DOCUMENT)
    return values.map((value, n) => ({
      value,
      lineOf: (path) => firstLine - 1 + places.line((roots[n] ?? 0) + 1, path),
    }))
  } catch (error) {
    if (!(error instanceof YAMLException))
      throw new YamlError(`cannot be parsed: ${error}`, firstLine, describeBroken(text, 0))
    const line = firstLine + (error.mark?.line ?? 0)
    throw new YamlError(error.reason, line, describeBroken(text, error.mark?.position ?? 0))
  }
}

/** `---` at the start of a line ends a document wherever it stands, in a string too. Directives belong to the next. */
function splitDocuments(text: string): string[] {
  if (/^%/m.test(text)) return [text]
  const chunks: string[] = []
  let start = 0
  for (const { index } of text.matchAll(/\n---(?=[ \t\r\n]|$)/g)) {
    chunks.push(text.slice(start, index + 1))
    start = index + 1
  }
  chunks.push(text.slice(start))
  return chunks
}

function countLines(text: string): number {
  let lines = 0
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) lines++
  return lines
}
