import t from 'tap'
import { maps } from '../../../controller/abi/layouts.generated.ts'
import { TABLES } from '../../../controller/abi/tables.ts'
import type { Service } from '../../../controller/model/service.ts'
import {
  destinationPolicy,
  endpoint,
  HTTP,
  hostOf,
  meshOf,
  routePolicy,
  rule,
  service,
  subset,
  workload,
} from '../compiler/mesh.ts'
import { createWorld, GRACE_MS } from './world.ts'

const sized = (name: string, n: number, endpoints: number, more: Partial<Service> = {}) =>
  service(name, [`10.96.0.${n}`], {
    endpoints: Array.from({ length: endpoints }, (_, i) => endpoint(`10.${n}.0.${i}`)),
    ...more,
  })
const meshWith = (...services: Service[]) => meshOf({ services })

t.test('a new mesh comes into force whole', async (t) => {
  const world = createWorld()
  const outcome = world.push(
    meshOf({
      services: [sized('a', 1, 3, { affinitySeconds: 60 }), sized('b', 2, 0)],
      destinations: [destinationPolicy(hostOf('a'), { balance: 'round-robin' })],
      workloads: [workload('w', ['10.1.0.0'])],
    }),
  )
  t.strictSame(outcome, { settled: true, waiting: [], problems: [] })
  t.strictSame(world.store.violations, [])
  t.strictSame(world.reconciler.held(), {
    frontends: 2,
    services: 2,
    slots: 3,
    set_members: 3,
    cursors: 1,
    workloads: 1,
  })
  for (const table of TABLES) t.equal(world.store.dump(table).count, world.reconciler.held()[table], table)
})

t.test('one change of endpoints is one update of the service; the old set goes after the grace', async (t) => {
  const world = createWorld()
  world.push(meshWith(sized('a', 1, 3), sized('b', 2, 3)))
  const before = world.store.writes
  world.push(meshWith(sized('a', 1, 4), sized('b', 2, 3)))
  t.equal(world.store.writes - before, 5, 'four slots and one service')
  world.clock.advance(GRACE_MS - 1)
  t.equal(world.store.writes - before, 5)
  world.clock.advance(GRACE_MS)
  t.equal(world.store.writes - before, 8, 'three slots are gone')
  t.equal(world.store.dump('slots').count, 7)
  t.equal(world.clock.pending, 0, 'nothing is left to do')
  t.strictSame(world.store.violations, [])
})

t.test('an unchanged mesh writes nothing, also after a restart', async (t) => {
  const world = createWorld()
  const mesh = () =>
    meshOf({
      services: [sized('a', 1, 3, { affinitySeconds: 60 })],
      destinations: [destinationPolicy('*', { balance: 'round-robin' })],
      workloads: [workload('w', ['10.1.0.0'])],
    })
  world.push(mesh())
  const before = world.store.writes
  world.push(mesh())
  world.restart()
  t.equal(world.push(mesh()).settled, true)
  world.clock.advance(10 * GRACE_MS)
  t.equal(world.store.writes, before)
})

t.test('a cursor that the kernel advanced is left alone', async (t) => {
  const world = createWorld()
  const mesh = meshOf({
    services: [sized('a', 1, 2)],
    destinations: [destinationPolicy('*', { balance: 'round-robin' })],
  })
  world.push(mesh)
  const { keys, count } = world.store.dump('cursors')
  const values = new Uint8Array(maps.cursors.value.size).fill(1)
  world.store.update('cursors', { count, keys, values })
  const before = world.store.writes
  world.restart()
  world.push(mesh)
  t.equal(world.store.writes, before)
  world.push(meshWith(sized('a', 1, 2)))
  t.equal(world.store.dump('cursors').count, 0)
})

t.test('a restart prunes what nobody wants any more, and completes what was half-written', async (t) => {
  const world = createWorld()
  world.push(
    meshOf({
      services: [sized('a', 1, 3), sized('b', 2, 5), sized('c', 3, 2)],
      workloads: [workload('w', ['10.1.0.0'])],
    }),
  )
  // A daemon that died while it wrote: a part of a set that no service names, and a set with a hole.
  const { keys, values } = world.store.dump('slots')
  const half = { count: 2, keys: keys.slice(0, 32), values: values.slice(0, 128) }
  half.keys.fill(7, 0, 8)
  half.keys.fill(7, 16, 24)
  world.store.update('slots', half)
  world.restart()
  const outcome = world.push(meshWith(sized('a', 1, 3), sized('c', 3, 2)))
  t.equal(outcome.settled, true)
  t.strictSame(world.reconciler.held(), {
    frontends: 2,
    services: 2,
    slots: 12,
    set_members: 0,
    cursors: 0,
    workloads: 0,
  })
  world.clock.advance(2 * GRACE_MS)
  t.equal(world.store.dump('slots').count, 5)
  t.equal(world.clock.pending, 0)
  t.strictSame(world.store.violations, [])
})

t.test('a set with a hole is written again', async (t) => {
  const world = createWorld()
  const mesh = meshWith(sized('a', 1, 3))
  world.push(mesh)
  const { keys } = world.store.dump('slots')
  world.restart()
  world.reconciler.close()
  world.store.delete('slots', 1, keys.slice(0, 16))
  world.restart()
  world.push(mesh)
  t.equal(world.store.dump('slots').count, 3)
  t.equal(world.reconciler.stats.written, 3)
  world.clock.advance(5 * GRACE_MS)
  t.equal(world.store.dump('slots').count, 3, 'and it stays')
})

t.test('a set that comes back within its grace is not written again', async (t) => {
  const world = createWorld()
  world.push(meshWith(sized('a', 1, 3)))
  world.push(meshWith(sized('a', 1, 4)))
  world.clock.advance(GRACE_MS / 2)
  const before = world.store.writes
  world.push(meshWith(sized('a', 1, 3)))
  t.equal(world.store.writes - before, 1, 'the service')
  world.clock.advance(3 * GRACE_MS)
  t.equal(world.store.dump('slots').count, 3)
  t.strictSame(world.store.violations, [])
})

t.test('a set that services share lives as long as one of them points to it', async (t) => {
  const world = createWorld()
  const { endpoints } = sized('x', 9, 3)
  const [a, b] = [sized('a', 1, 0, { endpoints }), sized('b', 2, 0, { endpoints })]
  world.push(meshWith(a, b))
  t.equal(world.store.dump('slots').count, 3)
  world.push(meshWith(b))
  world.clock.advance(3 * GRACE_MS)
  t.equal(world.store.dump('slots').count, 3)
  world.push(meshWith())
  world.clock.advance(3 * GRACE_MS)
  t.strictSame(world.reconciler.held(), {
    frontends: 0,
    services: 0,
    slots: 0,
    set_members: 0,
    cursors: 0,
    workloads: 0,
  })
  t.equal(world.store.dump('slots').count, 0)
  t.strictSame(world.store.violations, [])
})

t.test('members of a set go when the last service with affinity does', async (t) => {
  const world = createWorld()
  const [sticky, plain] = [sized('a', 1, 3, { affinitySeconds: 60 }), sized('a', 1, 3)]
  world.push(meshWith(plain))
  const before = world.store.writes
  world.push(meshWith(sticky))
  t.equal(world.store.writes - before, 4, 'three members and the service')
  world.push(meshWith(plain))
  world.clock.advance(3 * GRACE_MS)
  t.equal(world.store.dump('set_members').count, 0)
  t.equal(world.store.dump('slots').count, 3)
  t.strictSame(world.store.violations, [])
})

t.test('an address that moves from one service to another is never without', async (t) => {
  const world = createWorld()
  const both = (a: string[], b: string[], n: number) =>
    meshWith(
      service('a', a, { endpoints: [endpoint(`10.1.0.${n}`)] }),
      service('b', b, { endpoints: [endpoint(`10.2.0.${n}`)] }),
    )
  world.push(both(['10.96.0.1', '10.96.0.9'], ['10.96.0.2'], 1))
  world.push(both(['10.96.0.1'], ['10.96.0.2', '10.96.0.9'], 2))
  world.push(both(['10.96.0.1', '10.96.0.9'], ['10.96.0.2'], 3))
  world.push(meshWith(service('c', ['10.96.0.9'], { endpoints: [endpoint('10.3.0.1')] })))
  t.strictSame(world.store.violations, [])
  t.equal(world.outcome?.settled, true)
})

t.test('services that swap addresses while both change never show one for the other', async (t) => {
  const world = createWorld()
  const ring = (turn: number, n: number) =>
    meshWith(
      ...['a', 'b', 'c'].map((name, i) =>
        service(name, [`10.96.0.${(i + turn) % 3}`, `10.97.0.${(i + 2 * turn) % 3}`], {
          endpoints: [endpoint(`10.${i}.0.${n}`)],
        }),
      ),
    )
  for (const [n, turn] of [0, 1, 0, 2, 1, 0].entries()) {
    world.push(ring(turn, n + 1))
    t.equal(world.outcome?.settled, true)
    t.equal(world.store.dump('services').count, 3)
  }
  t.strictSame(world.store.violations, [])
})

t.test('addresses of one port that part and meet again show old or new at every step', async (t) => {
  const world = createWorld()
  const V = (version: string) => ({ labels: { version } })
  const a = service('a', ['10.96.0.1', '10.97.0.1', 'fd00::1'], {
    ports: [{ ...HTTP, appProtocol: 'redis' }],
    endpoints: [
      endpoint('10.1.0.1', V('1')),
      endpoint('10.1.0.2', V('2')),
      endpoint('10.1.0.3', V('3')),
      endpoint('fd01::1', V('1')),
    ],
  })
  const destinations = [
    destinationPolicy(hostOf('a'), { subsets: new Map(['1', '2', '3'].map((v) => subset(v, { version: v }))) }),
  ]
  const split = (first: string, second?: string) =>
    meshOf({
      services: [a],
      destinations,
      routes: [
        routePolicy(
          [hostOf('a')],
          [
            ...(second === undefined
              ? []
              : [
                  rule([{ host: hostOf('a'), subset: second }], {
                    matches: [{ destinationSubnets: ['10.97.0.0/16'] }],
                  }),
                ]),
            rule([{ host: hostOf('a'), subset: first }], { field: 'spec.tcp[1]' }),
          ],
        ),
      ],
    })
  for (const mesh of [
    split('1'),
    split('2'),
    split('3', '2'),
    split('1', '3'),
    split('2'),
    split('1', '1'),
    meshWith(a),
    split('3', '1'),
  ]) {
    world.push(mesh)
    t.equal(world.outcome?.settled, true)
  }
  t.strictSame(world.store.violations, [])
})

t.test('a service without room keeps its last state, the others go on', async (t) => {
  const world = createWorld({ limits: { slots: 20 } })
  world.push(meshWith(sized('a', 1, 4), sized('b', 2, 4)))
  const outcome = world.push(meshWith(sized('a', 1, 5), sized('b', 2, 12)))
  // The compiler refuses what can never fit.
  t.equal(outcome.settled, true)
  world.clock.advance(3 * GRACE_MS)
  t.equal(world.store.dump('slots').count, 9)
  world.push(meshWith(sized('a', 1, 5), sized('b', 2, 5)))
  world.clock.advance(3 * GRACE_MS)
  t.equal(world.store.dump('slots').count, 10)
})

t.test('what has room only after the grace of others waits for it, without complaint', async (t) => {
  const world = createWorld({ limits: { slots: 30 } })
  const round = (n: number) =>
    meshWith(
      ...Array.from({ length: 5 }, (_, i) =>
        sized(`s${i}`, 10 * n + i, 5, { addresses: [{ scope: 'cluster', address: `10.96.0.${i}` }] }),
      ),
    )
  world.push(round(0))
  const outcome = world.push(round(1))
  t.equal(outcome.settled, false)
  t.equal(outcome.waiting.length, 4)
  t.strictSame(outcome.problems, [])
  for (let i = 0; i < 20 && !world.outcome?.settled; i++) world.clock.advance(GRACE_MS)
  t.equal(world.outcome?.settled, true)
  t.strictSame(world.store.violations, [])
})

t.test('room is counted before anything is written: what was there before makes room', async (t) => {
  const world = createWorld({ limits: { frontends: 8 } })
  const wide = (name: string, n: number) =>
    sized(name, n, 2, { addresses: [1, 2, 3, 4].map((i) => ({ scope: 'cluster', address: `10.97.${n}.${i}` })) })
  world.push(meshWith(wide('a', 1)))
  for (const n of [2, 3, 4]) {
    world.push(meshWith(wide(`b${n}`, n)))
    t.equal(world.outcome?.settled, true)
    t.equal(world.store.dump('frontends').count, 4)
  }
  world.push(meshWith(wide('c', 5), sized('d', 6, 1)))
  t.equal(world.store.dump('frontends').count, 4, 'd is refused by the compiler: c must be able to change')
  t.strictSame(world.store.violations, [])
})

t.test('a refused service that was adopted keeps what is held of it', async (t) => {
  const world = createWorld({ limits: { slots: 20 } })
  world.push(meshWith(sized('a', 1, 5)))
  world.restart()
  world.push(meshWith(sized('a', 1, 15)))
  world.clock.advance(3 * GRACE_MS)
  t.equal(world.store.dump('slots').count, 5)
  t.equal(world.store.dump('frontends').count, 1)
  world.push(meshWith(sized('a', 1, 6)))
  world.clock.advance(3 * GRACE_MS)
  t.equal(world.store.dump('slots').count, 6)
  world.restart()
  world.push(meshWith(sized('a', 1, 15)))
  world.push(meshWith())
  world.clock.advance(3 * GRACE_MS)
  t.equal(world.store.dump('slots').count, 0)
  t.equal(world.store.dump('services').count, 0)
  t.strictSame(world.store.violations, [])
})
