/** One file, from its bytes to the store. */
import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs'
import type { Problem } from '../../model/problem.ts'
import { readDocuments } from './documents.ts'
import { type FileStamp, stampOf } from './folder.ts'
import type { ResourceStore } from './store.ts'
import { decodeText, sizeFault } from './text.ts'
import { parseYaml, YamlError } from './yaml.ts'

/** @returns the stamp of what was read; undefined: it could not be opened, or went away meanwhile */
export function readFile(path: string, store: ResourceStore, clusterDomain: string): FileStamp | undefined {
  const read = readBytes(path)
  if ('error' in read) {
    // Its end is an event of its own.
    if (read.error.code === 'ENOENT') return undefined
    store.complain(path, problem(path, store, `cannot be read: ${read.error.message}`))
    return undefined
  }
  if ('fault' in read) store.complain(path, problem(path, store, read.fault))
  else takeText(path, read.bytes, store, clusterDomain)
  return read.stamp
}

type Read =
  | { readonly error: NodeJS.ErrnoException }
  | { readonly stamp: FileStamp; readonly fault: string }
  | { readonly stamp: FileStamp; readonly bytes: Buffer }

function readBytes(path: string): Read {
  let file: number | undefined
  try {
    file = openSync(path, 'r')
    const stats = fstatSync(file)
    const fault = sizeFault(stats.size)
    const stamp = stampOf(stats)
    return fault === undefined ? { stamp, bytes: readFileSync(file) } : { stamp, fault }
  } catch (error) {
    return { error: error as NodeJS.ErrnoException }
  } finally {
    if (file !== undefined) closeSync(file)
  }
}

function takeText(path: string, bytes: Buffer, store: ResourceStore, clusterDomain: string): void {
  const decoded = decodeText(bytes)
  if ('fault' in decoded) {
    store.complain(path, problem(path, store, decoded.fault, decoded.line))
    return
  }
  const held = (resource: string): boolean => store.holds(path, resource)
  try {
    store.put(path, readDocuments(parseYaml(decoded.text), { file: path, clusterDomain, held }))
  } catch (error) {
    if (!(error instanceof YamlError)) throw error
    store.complain(path, { ...problem(path, store, error.message, error.line), ...error.broken })
  }
}

/** A file that cannot be read at all keeps everything it said before. */
function problem(path: string, store: ResourceStore, fault: string, line = 1): Problem {
  const message = store.has(path) ? `${fault} (what this file said before stays in force)` : fault
  return { severity: 'error', resource: '', field: '', message, place: { file: path, line }, wholeFile: true }
}
