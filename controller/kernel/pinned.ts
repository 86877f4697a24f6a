/** The maps of a data plane that is there already, for work without the daemon. */
import { realpathSync } from 'node:fs'
import { join } from 'node:path'
import { type BpfMap, native } from '../../native/index.ts'
import { isBpffs } from './bpffs.ts'
import { KernelError } from './error.ts'
import { Pins } from './pins.ts'
import { hasOurLayout } from './settings.ts'

export interface Pinned {
  readonly pins: Pins
  /** where its programs are attached */
  readonly cgroupPath: string
  /** @throws KernelError where there is no such map */
  map(name: string): BpfMap
  close(): void
}

/** @throws KernelError where nothing is pinned, or by another version of ours */
export function openPinned(bpfFsPath: string): Pinned {
  const pins = new Pins(isBpffs(bpfFsPath) ? realpathSync(bpfFsPath) : bpfFsPath)
  const generation = pins.inForce()
  const cgroupPath = pins.cgroup()
  if (generation === undefined || cgroupPath === undefined) {
    throw new KernelError(
      'not-running',
      `nothing is pinned at ${pins.root}: start kmeshd (--bpf-fs-path names the place)`,
    )
  }
  const maps = new Map<string, BpfMap>()
  const map = (name: string): BpfMap => {
    const held = maps.get(name) ?? native().openPinnedMap(join(pins.generation(generation), name))
    maps.set(name, held)
    return held
  }
  const close = (): void => {
    for (const held of maps.values()) held.close()
  }
  if (!hasOurLayout(map('settings'))) {
    close()
    throw new KernelError(
      'not-running',
      `${pins.root} is of another version of kmeshd: use the kmeshctl of that version`,
    )
  }
  return { pins, cgroupPath, map, close }
}
