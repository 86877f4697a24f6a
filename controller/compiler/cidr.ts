/** Address blocks (`10.96.0.0/16`, `fd00::/8`; without a length: that one address). */
import { addressBytes, isIpv4 } from '../abi/address.ts'

export interface Cidr {
  readonly base: Uint8Array
  /** of the 128 bits that an address has here */
  readonly bits: number
  readonly v4: boolean
}

/** @returns undefined when the text is no block; bits behind the length may be set */
export function parseCidr(text: string): Cidr | undefined {
  const slash = text.indexOf('/')
  const base = addressBytes(slash < 0 ? text : text.slice(0, slash))
  if (base === undefined) return undefined
  const v4 = isIpv4(base)
  if (slash < 0) return { base, bits: 128, v4 }
  const length = text.slice(slash + 1)
  const width = text.includes(':') ? 128 : 32
  if (!/^(0|[1-9]\d{0,2})$/.test(length) || Number(length) > width) return undefined
  return { base, bits: Number(length) + 128 - width, v4 }
}

export function contains({ base, bits, v4 }: Cidr, address: Uint8Array): boolean {
  // `::/0` means all of IPv6; that IPv4 is kept in a corner of it is our own affair.
  if (isIpv4(address) !== v4) return false
  const whole = bits >> 3
  for (let i = 0; i < whole; i++) if (base[i] !== address[i]) return false
  const rest = bits & 7
  if (rest === 0) return true
  const mask = 0xff00 >> rest
  return ((base[whole] ?? 0) & mask) === ((address[whole] ?? 0) & mask)
}
