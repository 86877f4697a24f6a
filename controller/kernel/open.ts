/** From nothing, or from what a former run left, to a data plane whose tables can be filled. */
import { type BpfMap, type LinkOrder, native } from '../../native/index.ts'
import { encode, u32 } from '../abi/codec.ts'
import { layoutHash, Settings } from '../abi/layouts.generated.ts'
import { ensureBpffs } from './bpffs.ts'
import { checkCgroup } from './cgroup.ts'
import { Dataplane } from './dataplane.ts'
import type { Log } from './error.ts'
import { probeFeatures } from './features.ts'
import { chooseGeneration, type Generation, pinGeneration } from './generation.ts'
import { loadLanes } from './lanes.ts'
import { Links } from './links.ts'
import { lockPins } from './lock.ts'
import { Pins } from './pins.ts'
import { checkPrivileges } from './privileges.ts'
import { sweepProbeGroups } from './probe-groups.ts'
import { mapSizes } from './tables.ts'

export interface DataplaneOptions {
  /** where to attach: processes in it and below may be members */
  readonly cgroupPath: string
  readonly bpfFsPath: string
  /** entries, by map; what is not named keeps its default */
  readonly mapSizes?: Readonly<Record<string, number>>
  /** where to stand among programs of others; by default first, as they might hide what applications ask for */
  readonly order?: LinkOrder
  /** false: connections within the node stay on TCP */
  readonly socketLane?: boolean
  readonly log: Log
}

/** @throws KernelError with the one line that the operator needs */
export function openDataplane({ log, order = { place: 'first' }, ...options }: DataplaneOptions): Dataplane {
  checkPrivileges()
  const sizes = mapSizes(options.mapSizes ?? {})
  const cgroupPath = checkCgroup(options.cgroupPath)
  const pins = new Pins(ensureBpffs(options.bpfFsPath, log))
  const undo: (() => void)[] = []
  try {
    const lock = lockPins(pins.root)
    undo.push(() => native().closeFd(lock))
    pins.create()
    const features = probeFeatures()
    const generation = chooseGeneration(pins, sizes, log)
    undo.push(() => closeMaps(generation.maps))
    const lanes = loadLanes(features, options.socketLane ?? true, generation.maps, sizes, log)
    undo.push(() => lanes.close())
    prepare(pins, generation, lanes.maps)
    const links = new Links(pins, log)
    undo.push(() => links.close())
    const dataplane = new Dataplane({
      pins,
      lock,
      links,
      generation,
      lanes,
      features,
      cgroupPath,
      order,
      log,
    })
    dataplane.members.settle(generation.adopted, log)
    sweepProbeGroups(cgroupPath, dataplane.members, log)
    dataplane.settings.change({ cgroupLevels: dataplane.members.levels() })
    return dataplane
  } catch (error) {
    for (const step of undo.reverse()) step()
    throw error
  }
}

/** A new generation gets its settings before its name: without the right layout in it, nobody adopts it. */
function prepare(pins: Pins, { number, adopted }: Generation, maps: ReadonlyMap<string, BpfMap>): void {
  if (adopted) return
  maps.get('settings')?.update(encode(u32, 0), encode(Settings, { flags: 0, cgroupLevels: 0, layout: layoutHash }))
  pinGeneration(pins, number, maps)
}

function closeMaps(maps: ReadonlyMap<string, BpfMap>): void {
  for (const map of maps.values()) map.close()
}
