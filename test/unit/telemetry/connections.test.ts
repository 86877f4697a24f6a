/** Open connections as people read them. */
import t from 'tap'
import { type ConnectionRecord, Verdict } from '../../../controller/abi/layouts.generated.ts'
import { connectionOf } from '../../../controller/telemetry/connections.ts'
import { address, CLOCK, Directory, REVIEWS, REVIEWS_SERVICE, SLEEP } from './mesh.ts'

const names = new Directory()

function record(verdict: Verdict, change: Partial<ConnectionRecord> = {}): ConnectionRecord {
  const inbound = verdict === Verdict.VERDICT_ACCEPTED
  const asked = inbound ? { vip: address('10.0.0.1'), port: 80, protocol: 6 } : undefined
  return {
    connection: {
      asked: asked ?? { vip: address('10.96.0.10'), port: 9080, protocol: 6 },
      port: 9080,
      ip: address('10.0.0.2'),
      service: inbound ? 0n : REVIEWS_SERVICE,
      endpoint: 5n,
      source: SLEEP,
      destination: REVIEWS,
      startedNs: 4_000_000_000n,
      verdict,
      flags: 1,
    },
    sentBytes: 10n,
    receivedBytes: 5_000_000_000n,
    local: address('10.0.0.1'),
    remote: address('10.0.0.2'),
    localPort: inbound ? 80 : 40000,
    remotePort: 9080,
    state: 1,
    ...change,
  }
}

t.test('an outbound connection shows what was asked for and who answers', async (t) => {
  t.same(connectionOf(record(Verdict.VERDICT_ROUTED), names, CLOCK), {
    protocol: 'TCP',
    direction: 'outbound',
    source: { address: '10.0.0.1:40000', workload: 'default/sleep-1' },
    destination: { address: '10.0.0.2:9080', workload: 'default/reviews-1' },
    asked: '10.96.0.10:9080',
    service: 'default/reviews',
    verdict: 'routed',
    state: 'ESTABLISHED',
    sentBytes: 10,
    receivedBytes: 5_000_000_000,
    startedAt: '2026-01-02T03:03:59.000Z',
  })
})

t.test('an inbound connection has its own address as destination', async (t) => {
  t.match(connectionOf(record(Verdict.VERDICT_ACCEPTED), names, CLOCK), {
    direction: 'inbound',
    source: { address: '10.0.0.2:9080' },
    destination: { address: '10.0.0.1:80' },
    asked: null,
    service: null,
    verdict: 'accepted',
  })
})

t.test('states have the names of TCP, and an unknown one its number', async (t) => {
  t.equal(connectionOf(record(Verdict.VERDICT_ROUTED, { state: 2 }), names, CLOCK)?.state, 'SYN_SENT')
  t.equal(connectionOf(record(Verdict.VERDICT_ROUTED, { state: 99 }), names, CLOCK)?.state, '99')
})

t.test('a record that is none of ours is left out', async (t) => {
  t.equal(connectionOf(record(1234 as Verdict), names, CLOCK), undefined)
})
