/** The flags of kmeshd: their names, what they mean, and which of them wait for a later part of the project. */

export interface Flag {
  /** without the dashes; the environment has it as KMESH_NAME */
  readonly name: string
  /** as commander writes it: `<dir>`, `[on|off]` */
  readonly value: string
  readonly help: string
  readonly default?: string
  readonly group: 'What to do' | 'Where' | 'What to tell' | "Kmesh's own"
  /** may be given several times */
  readonly repeatable?: true
  /** further names in the environment */
  readonly environment?: readonly string[]
}

export const FLAGS: readonly Flag[] = [
  {
    name: 'config',
    value: '<dir>',
    help: 'folder of Kubernetes and Istio YAML; watched',
    group: 'What to do',
  },
  {
    name: 'mode',
    value: '<mode>',
    help: 'standalone: configuration from --config',
    default: 'standalone',
    group: 'What to do',
  },
  {
    name: 'lanes',
    value: '<list>',
    help: 'connect: choose the endpoint at connect time; socket: join sockets of this node below TCP',
    default: 'connect,socket',
    group: 'What to do',
  },
  {
    name: 'dns-proxy',
    value: '[on|off]',
    help: 'answer names of the mesh for its members',
    default: 'on',
    group: 'What to do',
    environment: ['KMESH_ENABLE_DNS_PROXY'],
  },
  {
    name: 'map-size',
    value: '<name=n>',
    help: 'entries that a map can hold (see kmeshctl maps); repeatable',
    group: 'What to do',
    repeatable: true,
  },
  {
    name: 'cgroup2-path',
    value: '<dir>',
    help: 'cgroup to attach to: members lie in it (default: the cgroup2 mount, that is the whole node)',
    group: 'Where',
  },
  { name: 'bpf-fs-path', value: '<dir>', help: 'pins go to DIR/kmesh', default: '/sys/fs/bpf', group: 'Where' },
  {
    name: 'socket',
    value: '<path>',
    help: 'unix socket for kmeshctl (mode 0600)',
    default: '/run/kmesh/admin.sock',
    group: 'Where',
  },
  {
    name: 'admin-address',
    value: '<host:port>',
    help: 'admin HTTP, loopback only; or off',
    default: '127.0.0.1:15200',
    group: 'Where',
  },
  {
    name: 'metrics-address',
    value: '<host:port>',
    help: 'Prometheus metrics at /metrics and /status/metric; or off',
    default: ':15020',
    group: 'Where',
  },
  {
    name: 'access-log',
    value: '<format[:file]>',
    help: 'one line a connection: off, text, json, text:FILE, json:FILE; without a file on stdout (SIGUSR1 reopens)',
    default: 'off',
    group: 'What to tell',
  },
  {
    name: 'log-level',
    value: '<levels>',
    help: 'error, warn, info, debug or trace; for single loggers info,kernel:debug',
    default: 'info',
    group: 'What to tell',
  },
  { name: 'log-format', value: '<format>', help: 'plain or json, on stderr', default: 'plain', group: 'What to tell' },
  {
    name: 'monitoring',
    value: '[true|false]',
    help: 'count connections and bytes for the metrics',
    default: 'true',
    group: "Kmesh's own",
  },
  {
    name: 'enable-mda',
    value: '[true|false]',
    help: 'the socket lane on or off, whatever --lanes says',
    group: "Kmesh's own",
  },
]

export interface LaterFlag {
  readonly name: string
  /** what it would need */
  readonly feature: string
  /** values that ask for nothing: accepted, so that Kmesh's manifests and scripts work */
  readonly idle: readonly string[]
}

const XDS = 'configuration from istiod (use --config DIR)'
const CNI = 'the CNI plugin'

export const LATER_FLAGS: readonly LaterFlag[] = [
  { name: 'xds-address', feature: XDS, idle: [] },
  { name: 'xds-auth', feature: XDS, idle: [] },
  { name: 'xds-root-cert', feature: XDS, idle: [] },
  { name: 'xds-token', feature: XDS, idle: [] },
  { name: 'xds-server-name', feature: XDS, idle: [] },
  { name: 'ca-address', feature: 'certificates from a CA', idle: [] },
  { name: 'on-demand', feature: XDS, idle: ['false', 'off'] },
  { name: 'mesh-cidrs', feature: 'a limit on mesh addresses', idle: [] },
  { name: 'node-encryption', feature: 'encryption between nodes', idle: ['none'] },
  { name: 'node-peers', feature: 'encryption between nodes', idle: [] },
  { name: 'identity', feature: 'identities and authorization', idle: [] },
  { name: 'enable-ipsec', feature: 'encryption between nodes', idle: ['false'] },
  { name: 'enable-secret-manager', feature: 'certificates from a CA', idle: ['false'] },
  { name: 'enable-bypass', feature: 'bypass by label (kmeshctl bypass works always)', idle: ['false'] },
  { name: 'periodic-report', feature: 'reports on long connections', idle: ['false'] },
  {
    name: 'profiling',
    feature: 'switching on BPF statistics (kmesh_bpf_run_ns_total is there while kernel.bpf_stats_enabled is 1)',
    idle: ['false'],
  },
  { name: 'plugin-cni-chained', feature: CNI, idle: [] },
  { name: 'cni-etc-path', feature: CNI, idle: [] },
  { name: 'conflist-name', feature: CNI, idle: [''] },
]

export function environmentName(flag: string): string {
  return `KMESH_${flag.toUpperCase().replaceAll('-', '_')}`
}
