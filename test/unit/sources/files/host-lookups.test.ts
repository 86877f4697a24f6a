import t from 'tap'
import { type HostAnswer, HostLookups } from '../../../../controller/sources/files/host-lookups.ts'
import type { Metadata } from '../../../../controller/sources/files/metadata.ts'
import { eventually } from './folder-support.ts'

const OF: Metadata = {
  kind: 'ServiceEntry',
  namespace: 'default',
  name: 'out',
  resource: 'ServiceEntry default/out',
  place: { file: 'a.yaml', line: 1 },
  created: 0,
}

type Zone = Map<string, HostAnswer | Error>

function open(t: { teardown: (undo: () => void) => void }, zone: Zone): { lookups: HostLookups; asked: string[] } {
  const asked: string[] = []
  const lookups = new HostLookups(
    async (host, family) => {
      asked.push(`${host}/${family}`)
      const answer = zone.get(`${host}/${family}`) ?? new Error('ENOTFOUND')
      if (answer instanceof Error) throw answer
      return answer
    },
    () => undefined,
  )
  t.teardown(() => lookups.close())
  return { lookups, asked }
}

const want = (lookups: HostLookups, ...hosts: string[]): void => lookups.want(new Map(hosts.map((host) => [host, OF])))

t.test('both families are asked for, and the answers put in order', async (t) => {
  const { lookups } = open(
    t,
    new Map([
      ['a/4', { addresses: ['10.0.0.2', '10.0.0.1', '10.0.0.2'], ttl: 60 }],
      ['a/6', { addresses: ['FD00:0::1'], ttl: 60 }],
    ]),
  )
  want(lookups, 'a')
  await lookups.settle(5000)
  t.same([...lookups.resolved], [['a', ['10.0.0.1', '10.0.0.2', 'fd00::1']]])
  t.same(lookups.problems(), [])
})

t.test('an answer that did not change is the same object', async (t) => {
  const zone: Zone = new Map([['a/4', { addresses: ['10.0.0.1'], ttl: 1 }]])
  const { lookups, asked } = open(t, zone)
  want(lookups, 'a')
  await lookups.settle(5000)
  const before = lookups.resolved
  await eventually(() => asked.filter((name) => name === 'a/4').length >= 2)
  t.equal(lookups.resolved, before)
})

t.test('an answer is asked for again when its time is over, and a failure leaves the last one', async (t) => {
  const zone: Zone = new Map([['a/4', { addresses: ['10.0.0.1'], ttl: 1 }]])
  const { lookups } = open(t, zone)
  want(lookups, 'a')
  await lookups.settle(5000)
  t.same(lookups.problems(), [], 'one family is enough')
  zone.set('a/4', { addresses: ['10.0.0.9'], ttl: 1 })
  await eventually(() => lookups.resolved.get('a')?.[0] === '10.0.0.9')
  zone.set('a/4', new Error('ESERVFAIL'))
  await eventually(() => lookups.problems().length > 0)
  t.same(lookups.resolved.get('a'), ['10.0.0.9'])
  t.match(lookups.problems(), [
    {
      severity: 'warning',
      resource: 'ServiceEntry default/out',
      message: 'a cannot be looked up (ESERVFAIL): its last addresses stay in force',
    },
  ])
  zone.set('a/4', { addresses: ['10.0.0.8'], ttl: 1 })
  await eventually(() => lookups.problems().length === 0)
  t.same(lookups.resolved.get('a'), ['10.0.0.8'])
})

t.test('a host that nobody knows has no addresses, which is reported', async (t) => {
  const { lookups } = open(t, new Map())
  want(lookups, 'b')
  await lookups.settle(5000)
  t.same(lookups.resolved.get('b'), [])
  t.match(lookups.problems(), [{ message: 'b cannot be looked up (ENOTFOUND)' }])
})

t.test('a host that is not wanted any more is forgotten', async (t) => {
  const { lookups } = open(t, new Map([['a/4', { addresses: ['10.0.0.1'], ttl: 60 }]]))
  want(lookups, 'a')
  await lookups.settle(5000)
  want(lookups)
  t.same([...lookups.resolved], [])
})

t.test('waiting for answers ends, even if one never comes', async (t) => {
  const lookups = new HostLookups(
    () => new Promise(() => undefined),
    () => undefined,
  )
  t.teardown(() => lookups.close())
  want(lookups, 'a')
  await lookups.settle(1)
  t.same(lookups.resolved.get('a'), [])
})
