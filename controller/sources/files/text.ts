/** A file's bytes to its text, or the one line that says why not. */
import { isUtf8 } from 'node:buffer'

/** Larger files are refused unread: 100,000 endpoints written out at length take about half of it. */
export const FILE_LIMIT = 40 * 1024 * 1024

export type Decoded = { readonly text: string } | { readonly fault: string; readonly line: number }

export function sizeFault(size: number): string | undefined {
  if (size <= FILE_LIMIT) return undefined
  return `has ${size} bytes, more than the ${FILE_LIMIT} that one file may have: split it`
}

export function decodeText(bytes: Buffer): Decoded {
  if (isUtf8(bytes)) return { text: bytes.toString('utf8').replace(/^\ufeff/, '') }
  return { fault: 'is not UTF-8 text', line: firstBadLine(bytes) }
}

/** UTF-8 never hides a line feed inside a character, so each line stands for itself. */
function firstBadLine(bytes: Buffer): number {
  let line = 1
  for (let start = 0; start < bytes.length; line++) {
    const feed = bytes.indexOf(0x0a, start)
    const end = feed === -1 ? bytes.length : feed
    if (!isUtf8(bytes.subarray(start, end))) break
    start = end + 1
  }
  return line
}
