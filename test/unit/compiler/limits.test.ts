import t from 'tap'
import { settleClaims } from '../../../controller/compiler/claims.ts'
import { compiled, endpoint, HERE, linesOf, problemLines, service, workload } from './mesh.ts'

const sized = (name: string, n: number, endpoints: number, more = {}) =>
  service(name, [`10.96.0.${n}`], {
    endpoints: Array.from({ length: endpoints }, (_, i) => endpoint(`10.${n}.0.${i}`)),
    ...more,
  })

t.test('a service that does not fit is refused whole, with the numbers and the flag', async (t) => {
  const services = [sized('a', 1, 10), sized('b', 2, 40), sized('c', 3, 10)]
  const result = compiled({ services }, HERE, { slots: 64 })
  t.strictSame(linesOf(result, 'frontends'), [
    'frontends 10.96.0.1:80/TCP -> default/a:http',
    'frontends 10.96.0.3:80/TCP -> default/c:http',
  ])
  t.strictSame(
    result.refused.map(({ key }) => key),
    ['service default/b.default.svc.cluster.local'],
  )
  t.strictSame(problemLines(result), [
    'error Service default/b : needs 40 entries of the map slots (and 40 more while it changes), 54 are left: its last state stays in force. Raise it: --map-size slots=128',
  ])
})

t.test('exactly full is not too full', async (t) => {
  t.strictSame(problemLines(compiled({ services: [sized('a', 1, 10), sized('b', 2, 20)] }, HERE, { slots: 50 })), [])
  t.equal(problemLines(compiled({ services: [sized('a', 1, 10), sized('b', 2, 20)] }, HERE, { slots: 49 })).length, 1)
})

t.test('a set that services share counts once', async (t) => {
  const services = Array.from({ length: 10 }, (_, i) => ({
    ...sized('x', 1, 10),
    ...service(`s${i}`, [`10.96.1.${i}`]),
    endpoints: sized('x', 1, 10).endpoints,
  }))
  t.strictSame(problemLines(compiled({ services }, HERE, { slots: 20 })), [])
})

t.test('every map has its limit', async (t) => {
  const services = [
    sized('a', 1, 2, { affinitySeconds: 1 }),
    sized('b', 2, 2, {
      affinitySeconds: 1,
      addresses: [1, 2, 3].map((i) => ({ scope: 'cluster', address: `10.97.0.${i}` })),
    }),
  ]
  const workloads = Array.from({ length: 20 }, (_, i) => workload(`w${i}`, [`10.1.0.${i}`]))
  const told = (limits: object) =>
    problemLines(compiled({ services, workloads }, HERE, limits)).map((line) => line.split(':')[1])
  t.strictSame(told({ frontends: 6 }), [
    ' needs 3 entries of the map frontends (and 3 more while it changes), 5 are left',
  ])
  t.strictSame(told({ services: 2 }), [
    ' needs 1 entries of the map services (and 1 more while it changes), 1 are left',
  ])
  t.strictSame(told({ set_members: 5 }), [
    ' needs 2 entries of the map set_members (and 2 more while it changes), 3 are left',
  ])
  t.strictSame(told({ workloads: 20 }), [
    ' needs 1 entries of the map workloads (and 1 more while it changes), 1 are left',
  ])
})

t.test('two services whose ids meet: the first has it, the other is told', async (t) => {
  const { fragments } = compiled({ services: [sized('a', 1, 1), sized('b', 2, 1)] })
  const [a, b] = fragments
  if (!a || !b) throw new Error('two fragments')
  const same = { ...b, names: b.names.map((name, i) => ({ ...name, id: a.names[i]?.id ?? 0n })) }
  t.strictSame(settleClaims([a, b]).losses.size, 0)
  const { losses } = settleClaims([a, same])
  t.strictSame([...losses.keys()], [b.key])
  t.match(losses.get(b.key), {
    lost: 'all',
    problems: [
      {
        severity: 'error',
        resource: 'Service default/b',
        message: /default\/b:http has the same id as default\/a:http/,
      },
    ],
  })
})
