/** May this process load programs at all? Asked once, before anything is made. */
import { readFileSync } from 'node:fs'
import { KernelError } from './error.ts'

/** From linux/capability.h */
const NEEDED = { CAP_NET_ADMIN: 12, CAP_SYS_ADMIN: 21 } as const

/** @throws KernelError that names the missing capabilities */
export function checkPrivileges(status = readFileSync('/proc/self/status', 'utf8')): void {
  const effective = BigInt(`0x${/^CapEff:\s*([0-9a-f]+)/m.exec(status)?.[1] ?? '0'}`)
  const missing = Object.entries(NEEDED).filter(([, bit]) => ((effective >> BigInt(bit)) & 1n) === 0n)
  if (missing.length === 0) return
  const names = missing.map(([name]) => name).join(' and ')
  throw new KernelError('privileges', `needs root to load and attach BPF programs; missing: ${names}`)
}
