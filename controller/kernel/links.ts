/** Attachments of ours to a cgroup: pinned, found again, replaced without a gap. */
import { readFileSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { type BpfLink, type LinkOrder, native } from '../../native/index.ts'
import { cgroupId } from './cgroup.ts'
import { errnoOf, KernelError, type Log, messageOf } from './error.ts'
import type { LoadedProgram } from './loader.ts'
import { type Pins, remove } from './pins.ts'

const NEW = '_new'

export interface Attachment {
  readonly hook: string
  readonly programId: number
  /** inode of the cgroup; 0: it is gone, and with it the attachment */
  readonly cgroup: bigint
}

export class Links {
  readonly #pins: Pins
  readonly #log: Log
  readonly #held: Map<string, BpfLink>

  constructor(pins: Pins, log: Log) {
    this.#pins = pins
    this.#log = log
    this.#held = openLinks(pins, log)
  }

  /** In the order of their names. */
  list(): Attachment[] {
    return [...this.#held]
      .map(([hook, link]) => ({ hook, programId: link.programId, cgroup: cgroupOfLink(link) }))
      .sort((a, b) => (a.hook < b.hook ? -1 : 1))
  }

  /**
   * Attaches, replaces or leaves alone; nobody meets an empty hook that was not empty before.
   * @returns false where it could not be put where `order` wants it
   */
  put(
    hook: string,
    loaded: LoadedProgram,
    cgroup: string,
    isCurrent: (id: number) => boolean,
    order: LinkOrder,
  ): boolean {
    const held = this.#held.get(hook)
    if (held !== undefined && cgroupOfLink(held) === cgroupId(cgroup)) {
      if (isCurrent(held.programId)) return true
      held.update(loaded.program)
      this.#log.info(`${hook}: program replaced in place`)
      return true
    }
    const { link, ordered } = attach(hook, loaded, cgroup, order)
    // The new link is in force and pinned before the old one goes.
    const path = join(this.#pins.links, hook)
    link.pin(path + NEW)
    renameSync(path + NEW, path)
    this.#held.set(hook, link)
    this.#log.info(`${hook}: attached to ${cgroup}`)
    if (held !== undefined) {
      held.detach()
      held.close()
    }
    return ordered
  }

  /** Detaches what no hook of this version needs. */
  dropOthers(hooks: readonly string[]): void {
    for (const [name, link] of this.#held) {
      if (hooks.includes(name)) continue
      dropLink(this.#pins, name, link)
      this.#held.delete(name)
      this.#log.info(`${name}: detached, this version has no such hook`)
    }
  }

  /** @returns the names of the hooks that are empty now */
  dropAll(): string[] {
    const names = [...this.#held.keys()]
    for (const [name, link] of this.#held) dropLink(this.#pins, name, link)
    this.#held.clear()
    return names
  }

  close(): void {
    for (const link of this.#held.values()) link.close()
    this.#held.clear()
  }
}

function openLinks(pins: Pins, log: Log): Map<string, BpfLink> {
  const held = new Map<string, BpfLink>()
  for (const name of pins.linkNames()) {
    const path = join(pins.links, name)
    let link: BpfLink
    try {
      link = native().openPinnedLink(path)
    } catch (error) {
      // EINVAL: a pin, but of something else. Anything else may be an attachment, and is not ours to throw away.
      if (errnoOf(error) !== 'EINVAL') throw error
      log.warn(`${path} is no attachment and is removed`)
      remove(path)
      continue
    }
    if (name.endsWith(NEW)) {
      // Killed between pinning it and giving it its name: the one with the name still stands.
      dropLink(pins, name, link)
    } else {
      held.set(name, link)
    }
  }
  return held
}

function dropLink(pins: Pins, name: string, link: BpfLink): void {
  try {
    link.detach()
  } catch (error) {
    // The cgroup is gone: nothing is attached any more.
    if (errnoOf(error) !== 'ENOLINK' && errnoOf(error) !== 'ENOENT') throw error
  }
  link.close()
  remove(join(pins.links, name))
}

function cgroupOfLink(link: BpfLink): bigint {
  const info = readFileSync(`/proc/self/fdinfo/${link.fd}`, 'utf8')
  return BigInt(/^cgroup_id:\s*(\d+)$/m.exec(info)?.[1] ?? 0)
}

/** @returns the link, and whether it stands where `order` wants it */
function attach(
  hook: string,
  { program, attachType }: LoadedProgram,
  cgroup: string,
  order: LinkOrder,
): { link: BpfLink; ordered: boolean } {
  const { attachLink, queryPrograms } = native()
  const here = { path: cgroup }
  try {
    const neighbour = order.relativeTo
    if (neighbour !== undefined && !queryPrograms(here, attachType).includes(neighbour)) {
      return { link: attachLink(program, here, attachType), ordered: true }
    }
    try {
      return { link: attachLink(program, here, attachType, order), ordered: true }
    } catch (error) {
      if (errnoOf(error) !== 'EINVAL') throw error
      return { link: attachLink(program, here, attachType), ordered: false }
    }
  } catch (error) {
    const reason =
      errnoOf(error) === 'EPERM' ? 'a program that tolerates no other holds it, here or above' : messageOf(error)
    throw new KernelError('attach', `${hook}: cannot be attached to ${cgroup}: ${reason}`, { cause: error })
  }
}
