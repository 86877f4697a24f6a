import { deserialize, serialize } from 'node:v8'
import t from 'tap'
import { viewOf } from '../../../controller/abi/packed.ts'
import { type Compiled, compile } from '../../../controller/compiler/compile.ts'
import { DEFAULT_LIMITS } from '../../../controller/compiler/limits.ts'
import { tablesOf } from '../../../controller/compiler/tables.ts'
import { workloadId } from '../../../controller/compiler/workloads.ts'
import type { NodeView } from '../../../controller/model/mesh.ts'
import {
  compiled,
  endpoint,
  HERE,
  hostOf,
  inZone,
  linesOf,
  meshOf,
  problemLines,
  routePolicy,
  rule,
  service,
  uidOf,
  workload,
} from './mesh.ts'
import { randomBelow } from './random.ts'
import { randomMesh } from './random-mesh.ts'

/** Everything that a result says, but not how it came to be. */
function outcome({ fragments, refused, problems }: Compiled) {
  return { fragments, refused, problems: problemLines({ problems }) }
}

t.test('a result with a previous one at hand is that of a full compilation', async (t) => {
  const random = randomBelow(t, 'incremental')
  const limits = { ...DEFAULT_LIMITS, slots: 30, services: 14 }
  for (let round = 0; round < 15; round++) {
    const { mesh, step } = randomMesh(random)
    const taken: string[] = []
    let previous: Compiled | undefined
    let view: NodeView = HERE
    for (let change = 0; change < 40; change++) {
      taken.push(step())
      if (random(15) === 0) view = { name: `node-${'ab'[random(2)]}`, locality: inZone(`zone-${random(2)}`) }
      const now = mesh()
      const full = compile(now, view, limits)
      previous = compile(now, view, limits, previous)
      const same = Buffer.compare(serialize(outcome(full)), serialize(outcome(previous))) === 0
      if (!same) {
        t.strictSame(outcome(previous), outcome(full), taken.join(', '))
        return
      }
    }
  }
  t.pass('600 changes')
})

t.test('what did not change stays the same object', async (t) => {
  const [a, b, c] = ['a', 'b', 'c'].map((name, i) =>
    service(name, [`10.96.0.${i}`], { endpoints: [endpoint('10.244.0.1')] }),
  )
  if (!a || !b || !c) throw new Error('three services')
  const routes = [routePolicy([hostOf('a')], [rule([{ host: hostOf('b') }], { protocol: 'http' })])]
  const [w, x] = [workload('w', ['10.244.0.1']), workload('x', ['10.244.0.2'])]
  const parts = { services: [a, b, c], routes, workloads: [w, x] }
  const first = compile(meshOf(parts), HERE, DEFAULT_LIMITS)
  const changed = (more: Partial<typeof parts>) => {
    const next = compile(meshOf({ ...parts, ...more }), HERE, DEFAULT_LIMITS, first)
    return next.fragments.filter((fragment) => !first.fragments.includes(fragment)).map(({ key }) => key)
  }
  const b2 = { ...b, endpoints: [endpoint('10.244.0.2')] }
  t.strictSame(changed({}), [])
  t.strictSame(
    changed({ services: [a, b2, c] }),
    [`service default/${hostOf('a')}`, `service default/${hostOf('b')}`],
    'a routes to b',
  )
  t.strictSame(changed({ services: [a, b, { ...c }] }), [`service default/${hostOf('c')}`])
  t.strictSame(changed({ routes: [...routes] }), [])
  t.strictSame(changed({ routes: [] }), [`service default/${hostOf('a')}`])
  t.strictSame(changed({ workloads: [w] }), [], 'the shard of the other one is gone')
  t.strictSame(changed({ workloads: [w, x, workload('y', ['10.244.0.3'])] }), ['workloads 3'])
})

t.test('another node shares the fragments that do not depend on the node', async (t) => {
  const plain = service('plain', ['10.96.0.1'], { endpoints: [endpoint('10.244.0.1', { node: 'node-a' })] })
  const local = {
    ...service('local', ['10.96.0.2']),
    endpoints: plain.endpoints,
    internalTrafficPolicy: 'Local',
  } as const
  const here = compile(meshOf({ services: [plain, local] }), HERE, DEFAULT_LIMITS)
  const there = compile(meshOf({ services: [plain, local] }), { name: 'node-b', locality: inZone('') }, DEFAULT_LIMITS)
  const fragment = ({ fragments }: Compiled, name: string) => fragments.find(({ key }) => key.endsWith(hostOf(name)))
  t.strictSame(fragment(here, 'plain'), fragment(there, 'plain'))
  t.equal(fragment(here, 'plain')?.nodeDependent, false)
  t.equal(fragment(here, 'local')?.nodeDependent, true)
  t.strictNotSame(fragment(here, 'local'), fragment(there, 'local'))
})

t.test('the same mesh gives the same bytes, whatever order its endpoints have', async (t) => {
  const mesh = (endpoints: string[]) =>
    meshOf({ services: [service('a', ['10.96.0.1'], { endpoints: endpoints.map((a) => endpoint(a)) })] })
  const addresses = Array.from({ length: 20 }, (_, i) => `10.244.0.${i}`)
  const tables = (endpoints: string[]) => [...tablesOf(compile(mesh(endpoints), HERE, DEFAULT_LIMITS).fragments)]
  t.strictSame(tables(addresses.toReversed()), tables(addresses))
})

t.test('fragments are plain data: they survive serialisation', async (t) => {
  const { mesh } = randomMesh(randomBelow(t, 'serialisation'))
  const { fragments } = compile(mesh(), HERE, DEFAULT_LIMITS)
  t.strictSame(
    [...tablesOf((deserialize(serialize(fragments)) as typeof fragments).values())],
    [...tablesOf(fragments)],
  )
})

t.test('services with the same endpoints share a set', async (t) => {
  const endpoints = [endpoint('10.244.0.1'), endpoint('10.244.0.2')]
  const result = compiled({ services: ['a', 'b'].map((name, i) => service(name, [`10.96.0.${i}`], { endpoints })) })
  t.strictSame(linesOf(result, 'slots'), [
    'slots default/a:http/v4(+1) 10.244.0.1:8080 50%',
    'slots default/a:http/v4(+1) 10.244.0.2:8080 50%',
  ])
})

t.test('ids lead back to names', async (t) => {
  const endpoints = [endpoint('10.244.0.1', { workload: uidOf('w') })]
  const { directory, fragments } = compiled({
    services: [service('a', ['10.96.0.1'], { endpoints })],
    workloads: [workload('w', ['10.244.0.1', 'fd00:244::1']), workload('host', ['192.0.2.1'], { hostNetwork: true })],
  })
  const [name] = fragments[0]?.names ?? []
  t.match(name, { label: 'default/a:http', hostname: hostOf('a'), port: 80, portName: 'http', protocol: 'TCP' })
  t.equal(directory.service(name?.id ?? 0n), name)
  t.equal(directory.workload(workloadId({ uid: uidOf('w') }))?.name, 'w')
  t.equal(directory.workload(workloadId({ uid: uidOf('host') }))?.name, 'host')
  t.equal(directory.workload(1n), undefined)
  const { id, ...endpointName } = {
    id: 0n,
    address: '10.244.0.1',
    port: 8080,
    workload: workloadId({ uid: uidOf('w') }),
  }
  const found = [...fragments]
    .flatMap(({ sets }) => sets)
    .map(({ slots }) => viewOf(slots.values).getBigUint64(40, true))
  t.strictSame(directory.endpoint(found[0] ?? id), endpointName)
  t.equal(directory.endpoint(0n), undefined)
})

t.test('addresses of workloads lead to them, except those of the node', async (t) => {
  const result = compiled({
    workloads: [
      workload('w', ['10.244.0.1', 'fd00:244::1']),
      workload('host', ['192.0.2.1'], { hostNetwork: true }),
      workload('z-late', ['10.244.0.1']),
    ],
  })
  t.strictSame(linesOf(result), ['workloads 10.244.0.1 -> default/w', 'workloads fd00:244::1 -> default/w'])
  t.strictSame(problemLines(result), [
    `warning workload ${uidOf('z-late')} : ${uidOf('w')} has the address 10.244.0.1 too: traffic from there is shown as its own`,
  ])
})
