/** What the kernel at hand offers is what its version promises, and every BPF object of the build loads on it. */
import { readdirSync } from 'node:fs'
import { release } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { type BpfError, native, projectRoot } from '../../native/index.ts'

/** From linux/bpf.h */
const SOCK_OPS = 13
const CGROUP_SOCK_ADDR = 18
const GET_NETNS_COOKIE = 122
const SET_RETVAL = 187

const skip = process.getuid?.() !== 0 && 'needs root'
const folder = join(projectRoot(), 'build', 'bpf')
const objects = readdirSync(folder).filter((name) => name.endsWith('.bpf.o'))

const features = {
  SO_NETNS_COOKIE: { since: [5, 14], probe: hasNetnsCookieOption },
  'bpf_get_netns_cookie in sock_ops': { since: [5, 15], probe: () => native().probeHelper(SOCK_OPS, GET_NETNS_COOKIE) },
  'bpf_set_retval in connect': { since: [5, 18], probe: () => native().probeHelper(CGROUP_SOCK_ADDR, SET_RETVAL) },
} as const

/** Constants that the loader sets where the kernel has the feature. */
const constants = {
  'connect.bpf.o': { has_set_retval: 'bpf_set_retval in connect' },
  'sockops.bpf.o': { has_sockops_netns_cookie: 'bpf_get_netns_cookie in sock_ops' },
} as const

/** Objects that are of no use without a feature, and not loaded then. */
const needed: Readonly<Record<string, keyof typeof features>> = {
  'join.bpf.o': 'bpf_get_netns_cookie in sock_ops',
}

function hasNetnsCookieOption(): boolean {
  try {
    return native().netnsCookie('/proc/self/ns/net') > 0n
  } catch (error) {
    if ((error as BpfError).code === 'ENOPROTOOPT') return false
    throw error
  }
}

function isAtLeast([major, minor]: readonly [number, number]): boolean {
  const [ours = 0, oursMinor = 0] = release().split('.').map(Number)
  return ours * 1000 + oursMinor >= major * 1000 + minor
}

t.test(`kernel ${release()} has the features of its version`, { skip }, async (t) => {
  for (const [name, { since, probe }] of Object.entries(features)) t.equal(probe(), isAtLeast(since), name)
})

for (const name of objects) {
  const feature = needed[name]
  const missing = feature !== undefined && !isAtLeast(features[feature].since) && `this kernel has no ${feature}`
  t.test(`${name} loads, with each of its constants on and off`, { skip: skip || missing }, async (t) => {
    load(t, name, {})
    for (const [variable, feature] of Object.entries(constants[name as keyof typeof constants] ?? {})) {
      if (isAtLeast(features[feature].since)) load(t, name, { [variable]: true })
    }
  })
}

function load(t: Test, name: string, values: Readonly<Record<string, boolean>>): void {
  const object = native().openObject(join(folder, name))
  try {
    for (const [variable, value] of Object.entries(values)) object.setRodata(variable, Uint8Array.of(value ? 1 : 0))
    object.load()
    t.pass(`${name} ${JSON.stringify(values)}`)
    for (const { name: program, section } of object.names().programs) {
      const loaded = object.program(program)
      // 0: before 5.16 the kernel does not tell
      t.comment(`${section} ${program}: ${loaded.verifiedInsns} instructions verified`)
      loaded.close()
    }
  } catch (error) {
    const { message, bpfLog } = error as BpfError
    const log = bpfLog?.split('\n').filter((line) => line.trim() !== '')
    t.fail(`${name} ${JSON.stringify(values)}: ${message}`, { log: log?.slice(-60) })
  } finally {
    object.close()
  }
}
