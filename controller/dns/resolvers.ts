/**
 * The resolvers of all members: each has one of its own inside its network namespace, because what a short name
 * means, and whom to ask for the rest, differs from member to member.
 */
import { existsSync, readFileSync } from 'node:fs'
import { basename, dirname } from 'node:path'
import type { NameSpace } from './names.ts'
import { nameServers } from './resolv-conf.ts'
import { openResolver, type Resolver } from './resolver.ts'
import type { OpenSocket } from './sockets.ts'

export interface Client {
  /** tells members apart */
  readonly id: string
  /** file of its network namespace */
  readonly netns: string
  /** Kubernetes namespace, for names of one label */
  readonly namespace: string
}

export interface ResolversOptions {
  readonly openSocket: (netns: string, ...socket: Parameters<OpenSocket>) => number
  readonly space: () => NameSpace
  /** Called with all addresses whose queries are ours to answer, whenever they change. */
  readonly onNameServers: (addresses: readonly string[]) => void
}

interface Entry {
  readonly client: Client
  readonly servers: readonly string[]
  readonly resolver: Resolver
}

export class Resolvers {
  readonly #options: ResolversOptions
  readonly #entries = new Map<string, Entry>()

  constructor(options: ResolversOptions) {
    this.#options = options
  }

  /**
   * @returns the port of the member's resolver on its loopback addresses
   * @throws when no socket can be opened in its namespace
   */
  async open(client: Client): Promise<number> {
    const held = this.#entries.get(client.id)
    if (held?.client.netns === client.netns && held.client.namespace === client.namespace) return held.resolver.port
    const servers = nameServers(readResolvConf(client.netns))
    const resolver = await openResolver({
      open: (...socket) => this.#options.openSocket(client.netns, ...socket),
      space: this.#options.space,
      namespace: client.namespace,
      nameServers: servers,
    })
    this.close(client.id)
    this.#entries.set(client.id, { client, servers, resolver })
    this.#tellNameServers()
    return resolver.port
  }

  /** From then on its queries go where they always went. */
  close(id: string): void {
    const entry = this.#entries.get(id)
    if (entry === undefined) return
    this.#entries.delete(id)
    entry.resolver.close()
    this.#tellNameServers()
  }

  closeAll(): void {
    for (const { resolver } of this.#entries.values()) resolver.close()
    this.#entries.clear()
  }

  #tellNameServers(): void {
    this.#options.onNameServers([...new Set([...this.#entries.values()].flatMap(({ servers }) => servers))])
  }
}

/** As processes of the namespace see it: their own root for a process, /etc/netns for a named one (ip-netns(8)). */
function readResolvConf(netns: string): string {
  const ofProcess = /^\/proc\/(\d+)\/ns\/net$/.exec(netns)?.[1]
  const candidates = [
    ...(ofProcess === undefined ? [] : [`/proc/${ofProcess}/root/etc/resolv.conf`]),
    ...(dirname(netns).endsWith('/netns') ? [`/etc/netns/${basename(netns)}/resolv.conf`] : []),
    '/etc/resolv.conf',
  ]
  const path = candidates.find((candidate) => existsSync(candidate))
  return path === undefined ? '' : readFileSync(path, 'utf8')
}
