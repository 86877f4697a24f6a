/**
 * Addresses as text and as the 16 bytes that the kernel keeps: IPv4 is stored as ::ffff:a.b.c.d.
 * Text comes out in the canonical form of RFC 5952, IPv4 (mapped or not) with dots.
 */

/** @returns 16 bytes; undefined when the text is no IPv4 or IPv6 address (zones are none of ours) */
export function addressBytes(text: string): Uint8Array | undefined {
  const bytes = new Uint8Array(16)
  if (!text.includes(':')) {
    bytes[10] = 0xff
    bytes[11] = 0xff
    return writeDotted(text, bytes, 12) ? bytes : undefined
  }
  return writeGroups(text, bytes) ? bytes : undefined
}

export function addressText(bytes: Uint8Array): string {
  if (isIpv4(bytes)) return bytes.subarray(12).join('.')
  const groups: number[] = []
  for (let at = 0; at < 16; at += 2) groups.push(((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0))
  const [from, length] = longestZeros(groups)
  const hex = groups.map((group) => group.toString(16))
  if (length < 2) return hex.join(':')
  return `${hex.slice(0, from).join(':')}::${hex.slice(from + length).join(':')}`
}

/** As it stands before a colon and a port. */
export function hostText(bytes: Uint8Array): string {
  const text = addressText(bytes)
  return text.includes(':') ? `[${text}]` : text
}

/** IPv4, in the mapped form in which we store it. */
export function isIpv4(bytes: Uint8Array): boolean {
  for (let at = 0; at < 10; at++) if (bytes[at] !== 0) return false
  return bytes[10] === 0xff && bytes[11] === 0xff
}

function writeDotted(text: string, to: Uint8Array, at: number): boolean {
  let value = -1
  let parts = 0
  for (let i = 0; i <= text.length; i++) {
    const code = i < text.length ? text.charCodeAt(i) : DOT
    if (code === DOT) {
      if (value < 0 || parts === 4) return false
      to[at + parts++] = value
      value = -1
    } else {
      // A leading zero is octal to some readers: no canonical text has one.
      if (code < ZERO || code > NINE || value === 0) return false
      value = (value < 0 ? 0 : value * 10) + code - ZERO
      if (value > 255) return false
    }
  }
  return parts === 4
}

const DOT = 0x2e
const ZERO = 0x30
const NINE = 0x39

function writeGroups(text: string, to: Uint8Array): boolean {
  const halves = text.split('::')
  if (halves.length > 2) return false
  const head = groupsOf(halves[0] ?? '', halves.length === 1)
  const tail = groupsOf(halves[1] ?? '', true)
  if (head === undefined || tail === undefined) return false
  const missing = 16 - head.length - tail.length
  // `::` stands for at least one group of zeros.
  if (halves.length === 2 ? missing < 2 : missing !== 0) return false
  to.set(head, 0)
  to.set(tail, 16 - tail.length)
  return true
}

/** @param last whether an IPv4 address may end it */
function groupsOf(text: string, last: boolean): number[] | undefined {
  if (text === '') return []
  const bytes: number[] = []
  const parts = text.split(':')
  for (const [i, part] of parts.entries()) {
    if (last && i === parts.length - 1 && part.includes('.')) {
      const dotted = new Uint8Array(4)
      if (!writeDotted(part, dotted, 0)) return undefined
      bytes.push(...dotted)
    } else {
      if (!/^[0-9a-f]{1,4}$/i.test(part)) return undefined
      const group = Number.parseInt(part, 16)
      bytes.push(group >> 8, group & 0xff)
    }
  }
  return bytes
}

/** The first of the longest runs of zeros. */
function longestZeros(groups: readonly number[]): readonly [from: number, length: number] {
  let best: readonly [number, number] = [0, 0]
  for (let from = 0; from < groups.length; from++) {
    let length = 0
    while (groups[from + length] === 0) length++
    if (length > best[1]) best = [from, length]
  }
  return best
}
