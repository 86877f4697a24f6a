/** IP addresses in their one canonical form (RFC 5952), so that equal addresses are equal strings. */
import { isIPv4, isIPv6 } from 'node:net'
import type { Field } from './field.ts'

export type Family = 4 | 6

/** @returns undefined for what is no address; zones (`%eth0`) and IPv4 in IPv6 clothes (`::ffff:1.2.3.4`) are none */
export function canonicalAddress(text: string): string | undefined {
  if (isIPv4(text)) return text
  if (!isIPv6(text) || text.includes('%')) return undefined
  const canonical = new URL(`http://[${text}]`).hostname.slice(1, -1)
  return canonical.startsWith('::ffff:') ? undefined : canonical
}

export function familyOf(address: string): Family {
  return address.includes(':') ? 6 : 4
}

/** `10.0.0.0/8`, or an address for the one-address network; host bits are left as they are. */
export function canonicalNetwork(text: string): string | undefined {
  const [base = '', bits, ...rest] = text.split('/')
  const address = canonicalAddress(base)
  if (address === undefined || rest.length > 0) return undefined
  const longest = familyOf(address) === 4 ? 32 : 128
  if (bits === undefined) return `${address}/${longest}`
  return /^\d{1,3}$/.test(bits) && Number(bits) <= longest ? `${address}/${Number(bits)}` : undefined
}

/** An address that connections can be sent to. */
export function readAddress(field: Field): string | undefined {
  const text = field.text()
  if (text === undefined) return undefined
  const address = canonicalAddress(text)
  if (address === undefined) field.refuse(`"${text.slice(0, 80)}" is no IP address`)
  else if (isUnusable(address)) field.refuse(`${address} cannot be connected to`)
  else return address
  return undefined
}

/** unspecified or multicast */
function isUnusable(address: string): boolean {
  if (familyOf(address) === 6) return address === '::' || /^ff[0-9a-f]{2}:/.test(address)
  const first = Number.parseInt(address, 10)
  return address === '0.0.0.0' || (first >= 224 && first < 240) || address === '255.255.255.255'
}
