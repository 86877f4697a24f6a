/**
 * A small network of our own: namespaces ("pods") on one bridge, which lies in a namespace itself.
 * Nothing of it touches the machine's interfaces, routes or firewall.
 */
import { addNamespace, deleteNamespace, inNamespace } from './netns.ts'
import type { UndoStack } from './undo.ts'

export interface Pod {
  readonly name: string
  /** of its network namespace, under /run/netns */
  readonly netns: string
  readonly netnsPath: string
  readonly ipv4: string
  readonly ipv6: string
}

/** /24 and /64: the last byte of both addresses is the pod's number. */
export const LAB_IPV4 = '10.99.0.'
export const LAB_IPV6 = 'fd99::'

let networks = 0

export class Network {
  readonly #undo: UndoStack
  /** begins every name that this network makes; short, as names of interfaces and namespaces must be unique */
  readonly prefix: string
  #pods = 0

  private constructor(undo: UndoStack, prefix: string) {
    this.#undo = undo
    this.prefix = prefix
  }

  /** @param what a word for the names: `kmesh-WHAT-PID...` */
  static async create(undo: UndoStack, what: string): Promise<Network> {
    const network = new Network(undo, `kmesh-${what}-${process.pid}-${networks++}`)
    await network.#namespace(network.#bridgeNamespace)
    await network.#ip(network.#bridgeNamespace, 'link', 'add', 'kmesh0', 'type', 'bridge')
    await network.#ip(network.#bridgeNamespace, 'link', 'set', 'kmesh0', 'up')
    return network
  }

  get #bridgeNamespace(): string {
    return `${this.prefix}-bridge`
  }

  /** @param host last byte of its addresses, 1 to 254 */
  async addPod(name: string, host: number): Promise<Pod> {
    const netns = `${this.prefix}-${name}`
    const [ipv4, ipv6] = [`${LAB_IPV4}${host}`, `${LAB_IPV6}${host.toString(16)}`]
    const port = `pod${this.#pods++}`
    await this.#namespace(netns)
    // Both ends are made where they belong: nothing ever shows up in the machine's own namespace.
    await this.#ip(netns, 'link', 'add', 'eth0', 'type', 'veth', 'peer', 'name', port, 'netns', this.#bridgeNamespace)
    await this.#ip(this.#bridgeNamespace, 'link', 'set', port, 'master', 'kmesh0', 'up')
    await this.#ip(netns, 'addr', 'add', `${ipv4}/24`, 'dev', 'eth0')
    await this.#ip(netns, 'addr', 'add', `${ipv6}/64`, 'dev', 'eth0', 'nodad')
    await this.#ip(netns, 'link', 'set', 'eth0', 'up')
    await this.#ip(netns, 'route', 'add', 'default', 'via', `${LAB_IPV4}254`)
    return { name, netns, netnsPath: `/run/netns/${netns}`, ipv4, ipv6 }
  }

  async #namespace(name: string): Promise<void> {
    await addNamespace(name)
    this.#undo.push(`network namespace ${name}`, () => deleteNamespace(name))
  }

  #ip(netns: string, ...args: string[]): Promise<string> {
    return inNamespace(netns, 'ip', ...args)
  }
}
