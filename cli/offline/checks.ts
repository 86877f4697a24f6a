/** The preflight: each thing that kmeshd needs, looked at as kmeshd will. Nothing is attached, pinned or changed. */
import { existsSync, readFileSync } from 'node:fs'
import { arch, endianness } from 'node:os'
import { isBpffs } from '../../controller/kernel/bpffs.ts'
import { checkCgroup, findCgroup2 } from '../../controller/kernel/cgroup.ts'
import { messageOf } from '../../controller/kernel/error.ts'
import { type Features, missingFeatures, probeFeatures } from '../../controller/kernel/features.ts'
import { findForeignPrograms } from '../../controller/kernel/foreign.ts'
import { type Lanes, loadLanes } from '../../controller/kernel/lanes.ts'
import { Links } from '../../controller/kernel/links.ts'
import { Pins } from '../../controller/kernel/pins.ts'
import { checkPrivileges } from '../../controller/kernel/privileges.ts'
import { mapSizes } from '../../controller/kernel/tables.ts'
import { native } from '../../native/index.ts'
import { silence } from './log.ts'

export interface Check {
  readonly name: string
  readonly result: 'ok' | 'warn' | 'fail'
  readonly found: string
  /** what follows from it; empty where all is well */
  readonly consequence: string
}

/** In the order in which kmeshd would meet them; what cannot be looked at after a failure is left out. */
export function runChecks(cgroupPath: string | undefined, bpfFsPath: string): readonly Check[] {
  const checks = [kernelVersion(), byteOrder(), jit()]
  const built = attempt('build', 'not built', () => `addon with libbpf ${native().libbpfVersion()}`)
  checks.push(built)
  const privileges = attempt('privileges', 'not enough', () => {
    checkPrivileges()
    return 'may load and attach programs'
  })
  checks.push(privileges)
  if (built.result === 'fail') return checks
  const group = cgroupPath ?? findCgroup2()
  const cgroup = attempt('cgroup2', group ?? 'not mounted', () => {
    if (group === undefined) throw new Error('mount -t cgroup2 none /sys/fs/cgroup')
    return checkCgroup(group)
  })
  checks.push(cgroup, bpffs(bpfFsPath))
  if (privileges.result === 'fail') return checks
  const features = probeFeatures()
  checks.push(...missingFeatures(features).map(({ message }) => warn('features', 'missing in this kernel', message)))
  checks.push(...programs(features, cgroup.result === 'ok' ? cgroup.found : undefined, bpfFsPath))
  return checks
}

function kernelVersion(): Check {
  const release = readFileSync('/proc/sys/kernel/osrelease', 'utf8').trim()
  const [major = 0, minor = 0] = release.split(/[.-]/).map(Number)
  const at = (wantedMajor: number, wantedMinor: number) =>
    major > wantedMajor || (major === wantedMajor && minor >= wantedMinor)
  if (at(6, 1)) return ok('kernel', release)
  if (at(5, 10)) return warn('kernel', release, 'before 6.1 only the connect lane is supported')
  return fail('kernel', release, 'the programs need 5.10 or newer')
}

function byteOrder(): Check {
  if (endianness() === 'LE') return ok('processor', arch())
  return fail('processor', `${arch()}, big endian`, 'the layouts of the maps are little endian')
}

function jit(): Check {
  const file = '/proc/sys/net/core/bpf_jit_enable'
  const off = existsSync(file) && readFileSync(file, 'utf8').trim() === '0'
  return off
    ? warn('jit', 'off', 'programs are interpreted, several times slower (net.core.bpf_jit_enable)')
    : ok('jit', 'on')
}

function bpffs(path: string): Check {
  if (!isBpffs(path)) return warn('bpffs', `${path} is none`, 'kmeshd mounts one there, and cleanup takes it away')
  const pinned = new Pins(path).exists()
    ? 'with the state of a kmeshd, which the next one adopts'
    : 'nothing of ours in it'
  return ok('bpffs', `${path}, ${pinned}`)
}

/** Really loads them, into small maps that are gone at once. */
function programs(features: Features, cgroup: string | undefined, bpfFsPath: string): readonly Check[] {
  let lanes: Lanes
  try {
    lanes = loadLanes(features, true, new Map(), mapSizes({}), silence)
  } catch (error) {
    return [fail('programs', 'the connect lane does not load', messageOf(error))]
  }
  try {
    const { withoutSocketLane } = lanes
    return [
      ok('programs', `${lanes.programs.size} load`),
      withoutSocketLane === undefined
        ? ok('socket lane', 'loads; kmeshd tests it before it is used')
        : warn('socket lane', withoutSocketLane, 'connections within the node stay on TCP'),
      ...(cgroup === undefined ? [] : foreign(lanes, cgroup, bpfFsPath)),
    ]
  } finally {
    lanes.close()
  }
}

function foreign({ hooks, programs: loaded }: Lanes, cgroup: string, bpfFsPath: string): readonly Check[] {
  const links = new Links(new Pins(bpfFsPath), silence)
  const ours = new Set(links.list().map(({ programId }) => programId))
  links.close()
  const attachTypes = hooks.map(({ name, program }) => [name, loaded.get(program)?.attachType ?? 0] as const)
  const found = findForeignPrograms(new Map(attachTypes), cgroup, ours, [])
  if (found.length === 0) return [ok('hooks', 'no programs of others')]
  return found.map(({ about, message }) => warn('hooks', about, message))
}

/** @param absent what is found where looking fails */
function attempt(name: string, absent: string, look: () => string): Check {
  try {
    return ok(name, look())
  } catch (error) {
    return fail(name, absent, messageOf(error))
  }
}

function ok(name: string, found: string): Check {
  return { name, result: 'ok', found, consequence: '' }
}

function warn(name: string, found: string, consequence: string): Check {
  return { name, result: 'warn', found, consequence }
}

function fail(name: string, found: string, consequence: string): Check {
  return { name, result: 'fail', found, consequence }
}
