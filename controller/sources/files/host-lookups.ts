/** Looks up host names of ServiceEntries, again and again by their TTL. A failing look-up leaves the last answer. */
import type { Problem } from '../../model/problem.ts'
import { canonicalAddress, type Family } from './address.ts'
import type { Metadata } from './metadata.ts'
import { sameItems } from './same.ts'

export interface HostAnswer {
  readonly addresses: readonly string[]
  /** seconds for which it holds */
  readonly ttl: number
}

/** @returns rejects where nothing is known; a host without addresses of this family has an empty answer */
export type LookupHost = (host: string, family: Family) => Promise<HostAnswer>

const MIN_TTL = 1
const MAX_TTL = 300
const FIRST_RETRY = 2
const MAX_RETRY = 60

interface Host {
  readonly byFamily: Map<Family, readonly string[]>
  readonly timers: Map<Family, NodeJS.Timeout>
  readonly failures: Map<Family, string>
  /** who needs it */
  of: Metadata
}

export class HostLookups {
  readonly #lookup: LookupHost
  readonly #onChange: () => void
  readonly #hosts = new Map<string, Host>()
  #resolved: ReadonlyMap<string, readonly string[]> = new Map()
  #underway: Promise<unknown>[] = []

  constructor(lookup: LookupHost, onChange: () => void) {
    this.#lookup = lookup
    this.#onChange = onChange
  }

  /** Another object whenever an answer changed. */
  get resolved(): ReadonlyMap<string, readonly string[]> {
    return this.#resolved
  }

  want(hosts: ReadonlyMap<string, Metadata>): void {
    for (const [name, host] of this.#hosts) {
      if (hosts.has(name)) continue
      for (const timer of host.timers.values()) clearTimeout(timer)
      this.#hosts.delete(name)
    }
    for (const [name, of] of hosts) {
      const known = this.#hosts.get(name)
      if (known !== undefined) known.of = of
      else this.#start(name, { byFamily: new Map(), timers: new Map(), failures: new Map(), of })
    }
    this.#update()
  }

  /** Resolves when each host has been asked for once, or after the time is up. */
  async settle(milliseconds: number): Promise<void> {
    const asked = this.#underway
    this.#underway = []
    if (asked.length === 0) return
    let timer: NodeJS.Timeout | undefined
    const late = new Promise((resolve) => {
      timer = setTimeout(resolve, milliseconds)
    })
    await Promise.race([Promise.all(asked), late])
    clearTimeout(timer)
  }

  problems(): Problem[] {
    return [...this.#hosts].flatMap(([name, { byFamily, failures, of }]) => {
      if (failures.size < 2) return []
      const had = [...byFamily.values()].flat().length > 0
      const message = `${name} cannot be looked up (${failures.get(4)})${had ? ': its last addresses stay in force' : ''}`
      return [{ severity: 'warning', resource: of.resource, field: '', message, place: of.place }]
    })
  }

  #start(name: string, host: Host): void {
    this.#hosts.set(name, host)
    for (const family of [4, 6] as const) this.#underway.push(this.#ask(name, host, family, FIRST_RETRY))
  }

  async #ask(name: string, host: Host, family: Family, retry: number): Promise<void> {
    const wait = await this.#lookup(name, family).then(
      ({ addresses, ttl }) => {
        host.failures.delete(family)
        host.byFamily.set(family, canonical(addresses))
        return { seconds: Math.min(Math.max(ttl, MIN_TTL), MAX_TTL), retry: FIRST_RETRY }
      },
      (error: Error) => {
        host.failures.set(family, error.message)
        return { seconds: retry, retry: Math.min(retry * 2, MAX_RETRY) }
      },
    )
    if (this.#hosts.get(name) !== host) return
    const timer = setTimeout(() => void this.#ask(name, host, family, wait.retry), wait.seconds * 1000)
    timer.unref()
    host.timers.set(family, timer)
    this.#update()
    this.#onChange()
  }

  #update(): void {
    const before = this.#resolved
    const resolved = new Map<string, readonly string[]>()
    for (const [name, { byFamily }] of this.#hosts) {
      const addresses = [...(byFamily.get(4) ?? []), ...(byFamily.get(6) ?? [])]
      const old = before.get(name)
      resolved.set(name, old !== undefined && sameItems(old, addresses) ? old : addresses)
    }
    const unchanged =
      sameItems([...before.keys()], [...resolved.keys()]) && sameItems([...before.values()], [...resolved.values()])
    if (!unchanged) this.#resolved = resolved
  }

  close(): void {
    this.want(new Map())
  }
}

/** Servers rotate their answers: the order says nothing. */
function canonical(addresses: readonly string[]): string[] {
  return [...new Set(addresses.map(canonicalAddress).filter((address) => address !== undefined))].sort()
}
