/**
 * What stands below `<bpf-fs-path>/kmesh`, and survives us:
 *
 *   maps -> generations/3      the generation in force; renamed over, so never absent
 *   generations/3/NAME         maps; a higher number is one that is being filled
 *   links/NAME                 attachments
 *   programs/redirect          what stands on the map of sockets
 *   members/KIND-ID            symbolic links whose text tells what a member is
 *   cgroup -> /sys/fs/cgroup   where we attach
 *   loaded                     symbolic link whose text is the configuration of the programs
 */
import { mkdirSync, readdirSync, readlinkSync, renameSync, rmdirSync, statSync, symlinkSync, unlinkSync } from 'node:fs'
import { join } from 'node:path'
import { errnoOf } from './error.ts'

export const PIN_DIRECTORY = 'kmesh'

export class Pins {
  readonly root: string
  constructor(bpfFsPath: string) {
    this.root = join(bpfFsPath, PIN_DIRECTORY)
  }

  get links(): string {
    return join(this.root, 'links')
  }

  get programs(): string {
    return join(this.root, 'programs')
  }

  get members(): string {
    return join(this.root, 'members')
  }

  /** Directory of one generation's maps. */
  generation(number: number): string {
    return join(this.root, 'generations', String(number))
  }

  create(): void {
    for (const directory of [join(this.root, 'generations'), this.links, this.programs, this.members]) {
      mkdirSync(directory, { recursive: true, mode: 0o700 })
    }
  }

  exists(): boolean {
    return statSync(this.root, { throwIfNoEntry: false }) !== undefined
  }

  /** All generations, in force or not, ascending. */
  generations(): number[] {
    return list(join(this.root, 'generations'))
      .map(Number)
      .filter(Number.isSafeInteger)
      .sort((a, b) => a - b)
  }

  /** undefined: nothing was ever put in force */
  inForce(): number | undefined {
    const number = Number(readText(join(this.root, 'maps'))?.split('/').at(-1))
    return Number.isSafeInteger(number) && this.generations().includes(number) ? number : undefined
  }

  /** The step that decides: before it the old generation counts, from it on the new one. */
  putInForce(generation: number): void {
    replaceText(join(this.root, 'maps'), `generations/${generation}`)
  }

  linkNames(): string[] {
    return list(this.links)
  }

  /** undefined: nothing was ever attached */
  cgroup(): string | undefined {
    return readText(join(this.root, 'cgroup'))
  }

  setCgroup(path: string): void {
    replaceText(join(this.root, 'cgroup'), path)
  }

  loaded(): string | undefined {
    return readText(join(this.root, 'loaded'))
  }

  setLoaded(text: string): void {
    replaceText(join(this.root, 'loaded'), text)
  }
}

/** Names in a directory; none where there is no directory. */
export function list(directory: string): string[] {
  try {
    return readdirSync(directory)
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return []
    throw error
  }
}

/** Text of a symbolic link: the only kind of file besides pins that a bpffs can hold. */
export function readText(path: string): string | undefined {
  try {
    return readlinkSync(path)
  } catch (error) {
    if (errnoOf(error) === 'ENOENT' || errnoOf(error) === 'EINVAL') return undefined
    throw error
  }
}

/** In one step: a reader sees the old text or the new. */
export function replaceText(path: string, text: string): void {
  if (readText(path) === text) return
  const beside = `${path}_new`
  remove(beside)
  symlinkSync(text, beside)
  renameSync(beside, path)
}

/** Takes away a file, or a directory with all that is in it. That there is none is no error. */
export function remove(path: string): void {
  try {
    unlinkSync(path)
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return
    if (errnoOf(error) !== 'EISDIR' && errnoOf(error) !== 'EPERM') throw error
    for (const name of list(path)) remove(join(path, name))
    rmdirSync(path)
  }
}
