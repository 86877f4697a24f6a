/** Lines of the access log, from the bytes of the ring buffer on. */
import { mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { encode } from '../../../controller/abi/codec.ts'
import { ConnectionEvent, Verdict } from '../../../controller/abi/layouts.generated.ts'
import { AccessLog } from '../../../controller/telemetry/access-log.ts'
import { accessLogLine } from '../../../controller/telemetry/access-log-line.ts'
import { EventReader } from '../../../controller/telemetry/events.ts'
import { address, CLOCK, Directory, event, REVIEWS, workload } from './mesh.ts'

const names = new Directory()

t.test("text has Kmesh's fields in Kmesh's order, then ours", async (t) => {
  t.equal(
    accessLogLine('text', event(), names, CLOCK),
    'accesslog: 2026-01-02T03:04:04.000Z src.addr=10.0.0.1:40000, src.workload=sleep-1, src.namespace=default, ' +
      'dst.addr=10.0.0.2:9080, dst.service=reviews.default.svc.cluster.local, dst.workload=reviews-1, ' +
      'dst.namespace=default, start_time=2026-01-02T03:04:03.998Z, direction=OUTBOUND, state=BPF_TCP_CLOSE, ' +
      'sent_bytes=100, received_bytes=5000000000, packet_loss=2, retransmissions=1, srtt=120us, min_rtt=80us, ' +
      'duration=1.5ms, protocol=TCP, asked=10.96.0.10:9080, verdict=routed',
  )
})

t.test('JSON has the same, with the units in the names', async (t) => {
  t.same(JSON.parse(accessLogLine('json', event(), names, CLOCK)), {
    time: '2026-01-02T03:04:04.000Z',
    'src.addr': '10.0.0.1:40000',
    'src.workload': 'sleep-1',
    'src.namespace': 'default',
    'dst.addr': '10.0.0.2:9080',
    'dst.service': 'reviews.default.svc.cluster.local',
    'dst.workload': 'reviews-1',
    'dst.namespace': 'default',
    start_time: '2026-01-02T03:04:03.998Z',
    direction: 'OUTBOUND',
    state: 'BPF_TCP_CLOSE',
    sent_bytes: 100,
    received_bytes: 5_000_000_000,
    packet_loss: 2,
    retransmissions: 1,
    srtt_us: 120,
    min_rtt_us: 80,
    duration_ms: 1.5,
    protocol: 'TCP',
    asked: '10.96.0.10:9080',
    verdict: 'routed',
  })
})

t.test('the side that accepts is the destination', async (t) => {
  const inbound = event({ reporter: 1, verdict: Verdict.VERDICT_ACCEPTED, service: 0n })
  t.match(JSON.parse(accessLogLine('json', inbound, names, CLOCK)), {
    'src.addr': '10.0.0.2:9080',
    'dst.addr': '10.0.0.1:40000',
    'dst.service': null,
    direction: 'INBOUND',
    verdict: 'accepted',
  })
})

t.test('what was refused never had addresses, what failed ended while it waited', async (t) => {
  const none = { local: address('::'), remote: address('::'), localPort: 0, remotePort: 0, destination: 0n }
  const refused = event({ ...none, verdict: Verdict.VERDICT_NO_ENDPOINT, durationNs: 0n })
  t.match(JSON.parse(accessLogLine('json', refused, names, CLOCK)), {
    'src.addr': null,
    'dst.addr': null,
    'dst.workload': null,
    asked: '10.96.0.10:9080',
    verdict: 'no_endpoint',
  })
  t.match(accessLogLine('text', refused, names, CLOCK), / src.addr=-, .* dst.addr=-, .*verdict=no_endpoint$/)
  t.match(
    accessLogLine('text', event({ verdict: Verdict.VERDICT_CONNECT_FAILED }), names, CLOCK),
    /state=BPF_TCP_SYN_SENT/,
  )
  t.match(
    accessLogLine('text', event({ protocol: 17, verdict: Verdict.VERDICT_NO_ENDPOINT }), names, CLOCK),
    /state=-, .*protocol=UDP/,
  )
})

t.test('IPv6 addresses are in brackets', async (t) => {
  const v6 = event({ local: address('fd00::1'), remote: address('fd00::2') })
  t.match(accessLogLine('text', v6, names, CLOCK), /src.addr=\[fd00::1\]:40000, .*dst.addr=\[fd00::2\]:9080/)
})

t.test('a name cannot end a field or a line', async (t) => {
  const hostile = new Directory()
  hostile.workloads.set(REVIEWS, workload('a, verdict=denied\nb\u202e'))
  const line = accessLogLine('text', event(), hostile, CLOCK)
  t.match(line, 'dst.workload="a, verdict=denied\\nb\\u{202e}", ')
  t.notOk(line.includes('\n'))
  t.equal(JSON.parse(accessLogLine('json', event(), hostile, CLOCK))['dst.workload'], 'a, verdict=denied\nb\u202e')
})

t.test('records that are none of ours are counted and skipped', async (t) => {
  const seen: ConnectionEvent[] = []
  const reader = new EventReader((read) => seen.push(read))
  reader.read(encode(ConnectionEvent, event()))
  t.same(seen, [event()])
  reader.read(new Uint8Array(0))
  reader.read(new Uint8Array(7))
  reader.read(new Uint8Array(ConnectionEvent.size + 8))
  reader.read(encode(ConnectionEvent, event({ verdict: 99 as Verdict })))
  reader.read(encode(ConnectionEvent, event({ reporter: 7 as 0 })))
  reader.read(encode(ConnectionEvent, event({ durationNs: 1n << 63n })))
  reader.read(new Uint8Array(ConnectionEvent.size).fill(0xff))
  t.equal(reader.malformed, 7)
  t.equal(seen.length, 1)
})

t.test('from the ring buffer to the file, over a rotation', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), `kmesh-test-log-${process.pid}-`))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'access.log')
  const log = new AccessLog({
    format: 'json',
    file,
    names: () => names,
    clock: CLOCK,
    onTrouble: (error) => t.error(error),
  })
  log.record(encode(ConnectionEvent, event()))
  log.record(new Uint8Array(3))
  while (log.numbers().written === 0) await new Promise(setImmediate)
  renameSync(file, `${file}.1`)
  log.reopen()
  log.record(encode(ConnectionEvent, event({ sentBytes: 7n })))
  await log.close(5000)
  t.equal(JSON.parse(readFileSync(`${file}.1`, 'utf8')).sent_bytes, 100)
  t.equal(JSON.parse(readFileSync(file, 'utf8')).sent_bytes, 7)
  t.same(log.numbers(), { written: 2, backlog: 0, failed: 0, malformed: 1 })
})
