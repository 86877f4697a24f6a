/**
 * Ids by content: 64 bits that follow from the names (or bytes) alone, so the same model always gives the same
 * tables, also after a restart and on another node. Nothing is ever allocated.
 *
 * Two 32-bit lanes take in the same words by different multipliers and rotations, and are mixed at the end: two
 * contents meet only where both lanes do. 0 is no id: the kernel's tables use it for "none".
 */

export type IdKind = 'service' | 'workload' | 'endpoint' | 'set'

/** Parts are kept apart: ('ab', 'c') and ('a', 'bc') differ. */
export function nameId(kind: IdKind, ...parts: readonly string[]): bigint {
  start(kind)
  for (const part of parts) {
    addWord(part.length)
    let at = 0
    for (; at + 1 < part.length; at += 2) addWord(part.charCodeAt(at) | (part.charCodeAt(at + 1) << 16))
    if (at < part.length) addWord(part.charCodeAt(at))
  }
  return finish()
}

/** @param bytes a multiple of 4 */
export function bytesId(kind: IdKind, bytes: Uint8Array): bigint {
  start(kind)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  for (let at = 0; at < bytes.length; at += 4) addWord(view.getUint32(at, true))
  return finish()
}

export function idText(id: bigint): string {
  return id.toString(16).padStart(16, '0')
}

const KINDS: Readonly<Record<IdKind, number>> = { service: 1, workload: 2, endpoint: 3, set: 4 }

// One hash is computed at a time, from start to finish, so its state can stay out of the heap.
let a = 0
let b = 0
let words = 0
const lanes = new Uint32Array(2)
const joined = new BigUint64Array(lanes.buffer)

function start(kind: IdKind): void {
  a = 0x243f6a88
  b = 0x85a308d3 // both from pi
  words = 0
  addWord(KINDS[kind])
}

function addWord(word: number): void {
  let k = Math.imul(word, 0x9e3779b1)
  k = Math.imul((k << 15) | (k >>> 17), 0x85ebca77)
  a ^= k
  a = Math.imul((a << 13) | (a >>> 19), 5) + 0x52dce729
  k = Math.imul(word ^ 0x3c6ef372, 0xc2b2ae3d)
  k = Math.imul((k << 17) | (k >>> 15), 0x27d4eb2f)
  b ^= k
  b = Math.imul((b << 11) | (b >>> 21), 9) + 0x38495ab5
  words++
}

function finish(): bigint {
  a ^= words
  b ^= words
  a = (a + b) | 0
  b = (b + a) | 0
  a = avalanche(a)
  b = avalanche(b)
  a = (a + b) | 0
  b = (b + a) | 0
  lanes[0] = a
  lanes[1] = b
  const id = joined[0] ?? 0n
  return id === 0n ? 1n : id
}

/** Every bit of the input changes half of the output: the two constants and three shifts are the usual ones. */
function avalanche(x: number): number {
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b)
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35)
  return x ^ (x >>> 16)
}
