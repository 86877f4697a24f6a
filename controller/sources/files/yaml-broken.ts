/** Which resource and field a syntax error is in, as far as a tolerant second look can tell. */
import { createRequire } from 'node:module'
import type * as Yaml from 'yaml'
import { clip, type FieldKey, pathText } from './field.ts'

export interface BrokenPlace {
  /** e.g. `VirtualService default/reviews`; empty: cannot be told */
  readonly resource: string
  readonly field: string
}

/** The second look is slow: that far into a document only the line is told. */
const LOOK_LIMIT = 256 * 1024

/**
 * Of the line with the error this much more is looked at. Not more: up to here the first parser vouches for the
 * depth of nesting, and the second one would follow it until the stack ends.
 */
const REST_OF_LINE = 200

const UNKNOWN: BrokenPlace = { resource: '', field: '' }

// Only a broken file needs this parser, and most never meet one.
const loadTolerantParser = (): typeof Yaml => createRequire(import.meta.url)('yaml')

/** @param text of one document, as a rule; @param offset where the parser gave up */
export function describeBroken(text: string, offset: number): BrokenPlace {
  const rest = text.slice(offset, offset + REST_OF_LINE).split('\n', 1)[0] ?? ''
  const document = text.slice(0, offset) + rest
  if (document.length > LOOK_LIMIT) return UNKNOWN
  const yaml = loadTolerantParser()
  try {
    const parsed = yaml.parseDocument(document, { uniqueKeys: false, logLevel: 'silent' })
    return { resource: resourceOf(yaml, parsed), field: pathText(lastPathBefore(yaml, parsed, offset)) }
  } catch {
    return UNKNOWN // e.g. nested too deep for it
  }
}

function resourceOf(yaml: typeof Yaml, document: Yaml.Document.Parsed): string {
  const text = (...path: string[]): string => {
    const value = yaml.isMap(document.contents) ? document.getIn(path) : undefined
    return typeof value === 'string' ? clip(value) : ''
  }
  const [kind, name] = [text('kind'), text('metadata', 'name')]
  return kind === '' || name === '' ? kind : `${kind} ${text('metadata', 'namespace') || 'default'}/${name}`
}

/** The path of the last key that begins at or before the offset. */
function lastPathBefore(yaml: typeof Yaml, document: Yaml.Document.Parsed, offset: number): FieldKey[] {
  let last: FieldKey[] = []
  const descend = (node: unknown, path: FieldKey[]): void => {
    if (yaml.isMap(node)) {
      for (const { key, value } of node.items) {
        if (!yaml.isScalar(key) || (key.range?.[0] ?? 0) > offset) continue
        last = [...path, String(key.value)]
        descend(value, last)
      }
    } else if (yaml.isSeq(node)) {
      for (const [n, item] of node.items.entries()) {
        if (!yaml.isNode(item) || (item.range?.[0] ?? 0) > offset) continue
        last = [...path, n]
        descend(item, last)
      }
    }
  }
  descend(document.contents, [])
  return last
}
