/** Transport protocols by the numbers that the kernel knows them by (IPPROTO_*). */
export const PROTOCOL_NUMBERS = { TCP: 6, UDP: 17 } as const

export function protocolName(number: number): string {
  if (number === PROTOCOL_NUMBERS.TCP) return 'TCP'
  if (number === PROTOCOL_NUMBERS.UDP) return 'UDP'
  return String(number)
}
