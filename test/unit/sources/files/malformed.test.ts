import t from 'tap'
import { parseYaml } from '../../../../controller/sources/files/yaml.ts'
import { type Random, randomFrom, seedOfRun } from './random.ts'
import { istio, pod, service, slice, TextFolder } from './support.ts'

const SOUND = [
  service(
    'a',
    `type: LoadBalancer
clusterIP: 10.0.0.1
clusterIPs: [10.0.0.1]
ipFamilies: [IPv4]
externalIPs: [192.0.2.1]
selector: {app: a}
sessionAffinity: ClientIP
sessionAffinityConfig: {clientIP: {timeoutSeconds: 5}}
trafficDistribution: PreferClose
ports: [{name: http, port: 80, targetPort: web, nodePort: 30000, appProtocol: http}]`,
    'annotations: {x: y}',
  ),
  slice(
    's',
    'a',
    '- {addresses: [10.1.0.1], conditions: {ready: true}, hints: {forZones: [{name: z}]}, targetRef: {kind: Pod, name: p}}',
  ),
  'apiVersion: v1\nkind: Endpoints\nmetadata: {name: b}\nsubsets: [{addresses: [{ip: 10.1.0.2}], ports: [{port: 80}]}]',
  pod('p', {
    labels: '{app: a}',
    spec: 'nodeName: n, hostNetwork: false, containers: [{ports: [{name: web, containerPort: 8080}]}]',
    status: 'podIP: 10.1.0.1, podIPs: [{ip: 10.1.0.1}], conditions: [{type: Ready, status: "True"}]',
    metadata: 'ownerReferences: [{kind: ReplicaSet, name: r, controller: true}]',
  }),
  'apiVersion: v1\nkind: Node\nmetadata: {name: n, labels: {a: b}}\nstatus: {addresses: [{type: InternalIP, address: 10.0.0.1}]}',
  istio('WorkloadEntry', 'w', 'address: 10.3.0.1\nports: {http: 80}\nlabels: {app: a}\nweight: 1\nlocality: a/b'),
  istio(
    'ServiceEntry',
    'e',
    'hosts: [x.org]\naddresses: [192.0.2.9]\nresolution: STATIC\nports: [{number: 80, name: http, protocol: HTTP}]\nendpoints: [{address: 10.4.0.1, ports: {http: 81}}]\nexportTo: ["*"]',
  ),
  istio(
    'DestinationRule',
    'd',
    'host: a\ntrafficPolicy: {loadBalancer: {simple: RANDOM}, portLevelSettings: [{port: {number: 80}, loadBalancer: {simple: RANDOM}}], tls: {mode: DISABLE}}\nsubsets: [{name: v1, labels: {version: v1}}]',
  ),
  istio(
    'VirtualService',
    'v',
    'hosts: [a]\ntcp: [{match: [{port: 80, destinationSubnets: [10.0.0.0/8]}], route: [{destination: {host: a, subset: v1, port: {number: 80}}, weight: 1}]}]\nhttp: [{match: [{uri: {prefix: /}}], route: [{destination: {host: a}}]}]',
  ),
]

const ODD: readonly unknown[] = [
  null,
  true,
  0,
  -1,
  1e99,
  65536,
  1.5,
  '',
  'x',
  '10.0.0.1',
  '::',
  '*',
  'a'.repeat(300),
  [],
  [[]],
  [null],
  {},
  { a: {} },
  { '': null },
]

/** The value with one of its parts, anywhere, made another. */
function spoil(value: unknown, random: Random): unknown {
  const keys = typeof value === 'object' && value !== null ? Object.keys(value) : []
  if (keys.length === 0 || random(6) === 0) return ODD[random(ODD.length)]
  const key = keys[random(keys.length)] ?? ''
  if (Array.isArray(value)) return value.map((item, n) => (String(n) === key ? spoil(item, random) : item))
  const copy = Object.fromEntries(Object.entries(value as object))
  if (random(8) === 0) delete copy[key]
  else copy[key] = spoil(copy[key], random)
  return copy
}

t.test('resources with a spoilt part are read or reported, and never end the reading', async (t) => {
  const seed = seedOfRun()
  t.comment(`SEED=${seed}`)
  const random = randomFrom(seed)
  const sound = SOUND.map((text) => [...parseYaml(text)][0]?.value)
  const folder = new TextFolder()
  for (const [n, text] of SOUND.entries()) folder.write(`${n}.yaml`, text)
  t.same(folder.build().problems, [])
  for (let round = 0; round < 1000; round++) {
    const n = random(sound.length)
    folder.write(`${n}.yaml`, JSON.stringify(spoil(sound[n], random)))
    const { mesh, problems } = folder.build()
    const ports = [...mesh.services.values()].flatMap((s) => s.ports.map(({ port }) => port))
    if (!ports.every((port) => Number.isInteger(port) && port > 0 && port < 65536)) t.fail(`ports ${ports}`)
    if (!problems.every(({ message, place }) => message.length < 400 && (place?.line ?? 1) >= 1))
      t.fail('a problem of one line')
  }
})

t.test('text with spoilt bytes is read or reported', async (t) => {
  const seed = seedOfRun()
  t.comment(`SEED=${seed}`)
  const random = randomFrom(seed)
  const whole = SOUND.join('\n---\n')
  const signs = [
    '\t',
    ':',
    '-',
    '{',
    '}',
    '[',
    ']',
    '&a',
    '*a',
    '"',
    "'",
    '|',
    '>',
    '#',
    '%',
    '!',
    '\n',
    '---\n',
    '@',
    '`',
    ',',
    '? ',
  ]
  for (let round = 0; round < 300; round++) {
    const at = random(whole.length)
    const text = whole.slice(0, at) + (signs[random(signs.length)] ?? '') + whole.slice(at + random(3))
    try {
      for (const { lineOf } of parseYaml(text)) lineOf(['spec', 'ports', 0, 'name'])
    } catch (error) {
      if (!(error instanceof Error && error.name === 'YamlError')) throw error
    }
  }
  t.pass('nothing else was thrown')
})
