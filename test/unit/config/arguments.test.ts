/** kmeshd's flags and variables: what they give, and what is said about wrong ones. */
import { mkdtempSync, rmSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { parseArguments } from '../../../controller/arguments.ts'
import type { Config } from '../../../controller/config.ts'
import { FLAGS, LATER_FLAGS } from '../../../controller/flags.ts'

const folder = mkdtempSync(join(tmpdir(), `kmesh-test-config-${process.pid}-`))
t.teardown(() => rmSync(folder, { recursive: true, force: true }))

function run(args: readonly string[], environment: NodeJS.ProcessEnv = {}): Config {
  const invocation = parseArguments(args, environment)
  if (invocation.is !== 'run') throw new Error(JSON.stringify(invocation))
  return invocation.config
}

/** What is said about them, without the name of the program. */
function wrong(args: readonly string[], environment: NodeJS.ProcessEnv = {}): readonly string[] {
  const invocation = parseArguments(args, environment)
  if (invocation.is !== 'text') throw new Error(JSON.stringify(invocation))
  t.equal(invocation.status, 2)
  return invocation.text
    .trimEnd()
    .split('\n')
    .map((line) => line.replace(/^kmeshd: /, ''))
}

const withConfig = (...args: readonly string[]) => ['--config', folder, ...args]

t.test('a folder is enough: everything else has a default', async (t) => {
  t.match(run(['--config', folder]), {
    mode: 'standalone',
    configFolder: folder,
    lanes: new Set(['connect', 'socket']),
    dnsProxy: true,
    mapSizes: new Map(),
    pins: { cgroup2Path: undefined, bpfFsPath: '/sys/fs/bpf' },
    socket: '/run/kmesh/admin.sock',
    adminAddress: { host: '127.0.0.1', port: 15200 },
    metricsAddress: { port: 15020 },
    accessLog: undefined,
    log: { format: 'plain', levels: new Map([['default', 'info']]) },
    monitoring: true,
    node: { name: hostname(), clusterDomain: 'cluster.local' },
  })
})

t.test('flags say what they mean', async (t) => {
  const config = run(
    withConfig(
      '--lanes=connect',
      '--dns-proxy=off',
      '--map-size',
      'slots=100',
      '--map-size=services=7,members=8',
      '--admin-address=[::1]:0',
      '--metrics-address=off',
      '--access-log=json:/tmp/x.log',
      '--log-level=warn,kernel:debug',
      '--log-format=json',
      '--monitoring=false',
      '--socket=/tmp/a.sock',
      '--bpf-fs-path=/tmp/bpf',
    ),
  )
  t.same(config.lanes, new Set(['connect']))
  t.equal(config.dnsProxy, false)
  t.same(
    config.mapSizes,
    new Map([
      ['slots', 100],
      ['services', 7],
      ['members', 8],
    ]),
  )
  t.same(config.adminAddress, { host: '::1', port: 0 })
  t.equal(config.metricsAddress, undefined)
  t.same(config.accessLog, { format: 'json', file: '/tmp/x.log' })
  t.same(config.log, {
    format: 'json',
    levels: new Map([
      ['default', 'warn'],
      ['kernel', 'debug'],
    ]),
  })
  t.equal(config.monitoring, false)
  t.equal(config.socket, '/tmp/a.sock')
  t.equal(config.pins.bpfFsPath, '/tmp/bpf')
})

t.test('every flag can be a variable, and the flag goes first', async (t) => {
  const environment = { KMESH_CONFIG: folder, KMESH_LANES: 'connect', KMESH_MAP_SIZE: 'slots=1,services=2' }
  t.same(run([], environment).lanes, new Set(['connect']))
  t.same(
    run([], environment).mapSizes,
    new Map([
      ['slots', 1],
      ['services', 2],
    ]),
  )
  t.same(run(['--lanes', 'connect,socket'], environment).lanes, new Set(['connect', 'socket']))
  t.equal(run([], { ...environment, KMESH_ENABLE_DNS_PROXY: 'false' }).dnsProxy, false, "Kmesh's variable")
  t.equal(run([], { ...environment, KMESH_DNS_PROXY: '' }).dnsProxy, true, 'empty is unset')
  t.match(run([], { ...environment, NODE_NAME: 'n1', KUBERNETES_CLUSTER_DOMAIN: 'd.e' }).node, {
    name: 'n1',
    clusterDomain: 'd.e',
  })
  t.same(wrong([], { ...environment, KMESH_LANES: 'x' }), ['KMESH_LANES: "x" is none of connect, socket'])
})

t.test("Kmesh's own flags mean what they mean there", async (t) => {
  t.same(run(withConfig('--lanes=connect', '--enable-mda=true')).lanes, new Set(['connect', 'socket']))
  t.same(run(withConfig('--enable-mda=false')).lanes, new Set(['connect']))
  t.equal(run(withConfig('--monitoring')).monitoring, true)
  t.equal(run(withConfig('--enable-bypass=false', '--enable-ipsec=false', '--profiling=false')).configFolder, folder)
})

t.test('what is not built yet is refused by name', async (t) => {
  for (const { name, feature } of LATER_FLAGS) {
    t.same(wrong(withConfig(`--${name}=true`)), [`--${name}: not built yet: ${feature}`])
  }
  t.same(wrong([], { KMESH_XDS_ADDRESS: 'istiod:15012' }), [
    'KMESH_XDS_ADDRESS: not built yet: configuration from istiod (use --config DIR)',
  ])
  t.match(wrong(withConfig('--mode=dual-engine')), [/^--mode: not built yet: dual-engine/])
  t.same(wrong(withConfig('--lanes=connect,packet')), ['--lanes: not built yet: the packet lane'])
  t.equal(run(withConfig('--node-encryption=none')).mode, 'standalone', 'asking for nothing is no wish')
})

t.test('each mistake gets one line with flag and reason, all in one run', async (t) => {
  t.same(wrong([]), ['nothing to do: give --config DIR'])
  t.same(wrong(['--config', '/does/not/exist']), ['--config: /does/not/exist is not a folder'])
  t.match(
    wrong([
      ...withConfig('--lanes=socket', '--admin-address=0.0.0.0:15200', '--metrics-address=:70000'),
      ...['--map-size=nope=1', '--access-log=xml', '--log-level=loud', '--dns-proxy=perhaps'],
      ...['--cgroup2-path=/proc', `--socket=/tmp/${'x'.repeat(120)}`, '--mode=other'],
    ]),
    [
      /^--mode: "other" is none of standalone$/,
      /^--lanes: the connect lane cannot be left out/,
      /^--dns-proxy: "perhaps" is neither true nor false$/,
      /^--map-size: no map "nope" \(there are members, /,
      /^--cgroup2-path: \/proc is not a cgroup2 directory$/,
      /^--socket: .* has 125 bytes, a socket's path at most 107$/,
      /^--admin-address: "0.0.0.0:15200" is not a loopback address/,
      /^--metrics-address: ":70000" is not HOST:PORT/,
      /^--access-log: "xml" is none of off, text, json, text:FILE, json:FILE$/,
      /^--log-level: "loud" is none of error, warn, info, debug, trace$/,
    ],
  )
  for (const size of ['slots=0', 'slots=-1', 'slots=1.5', 'slots=', 'slots', 'slots=99999999999', 'slots=0x10']) {
    t.match(wrong(withConfig(`--map-size=${size}`)), [/not a number of entries from 1 to/], size)
  }
  t.match(wrong(withConfig('--map-size=settings=2')), [/no map "settings"/], 'arrays have the size that they have')
  t.match(wrong(withConfig('--log-level=nope:info')), [/^--log-level: no logger "nope"/])
  t.match(wrong(withConfig('--lanes=connect,')), [/has an empty part/])
  t.same(wrong(withConfig('--unknown')), ["unknown option '--unknown'"])
  t.match(wrong(withConfig('extra')), [/^"extra" is neither a flag nor a command/])
  t.match(wrong(['--config']), [/argument missing/])
})

t.test('sub-commands', async (t) => {
  t.same(parseArguments(['version'], {}), { is: 'version' })
  for (const name of ['cleanup', 'uninstall']) {
    t.match(parseArguments([name, '--bpf-fs-path', '/tmp/b', '--socket', '/tmp/s'], {}), {
      is: 'cleanup',
      pins: { bpfFsPath: '/tmp/b' },
      socket: '/tmp/s',
    })
  }
  t.match(parseArguments(['cleanup'], { KMESH_BPF_FS_PATH: '/tmp/c' }), { pins: { bpfFsPath: '/tmp/c' } })
  t.match(parseArguments(['cleanup', '--bpf-fs-path', '/tmp/d'], { KMESH_BPF_FS_PATH: '/tmp/c' }), {
    pins: { bpfFsPath: '/tmp/d' },
  })
})

t.test('the help names every flag', async (t) => {
  const help = parseArguments(['--help'], {})
  t.match(help, { is: 'text', status: 0 })
  const text = help.is === 'text' ? help.text : ''
  for (const { name } of [...FLAGS, ...LATER_FLAGS]) t.ok(text.includes(`--${name}`), name)
})
