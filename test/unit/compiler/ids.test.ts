import t from 'tap'
import { bytesId, idText, nameId } from '../../../controller/compiler/ids.ts'

t.test('a million names of one pattern share no id and fill the range evenly', async (t) => {
  const seen = new BigUint64Array(1_000_000)
  const buckets = [new Uint32Array(1024), new Uint32Array(1024)]
  let at = 0
  for (let namespace = 0; namespace < 100; namespace++) {
    for (let name = 0; name < 2500; name++) {
      for (const port of ['http', '80', '81', 'metrics']) {
        const id = nameId('service', `ns-${namespace}/svc-${name}.ns-${namespace}.svc.cluster.local`, port)
        seen[at++] = id
        for (const [half, counts] of buckets.entries()) {
          const bucket = Number((id >> BigInt(half * 32)) & 1023n)
          counts[bucket] = (counts[bucket] ?? 0) + 1
        }
      }
    }
  }
  t.equal(repeats(seen), 0)
  for (const half of [0n, 32n]) {
    // 1e6 draws of 2^32 meet about 116 times by chance; 200 has a probability below 1e-12.
    const meetings = repeats(Uint32Array.from(seen, (id) => Number((id >> half) & 0xffffffffn)))
    t.ok(meetings < 200, `${meetings} ids share 32 bits`)
  }
  for (const counts of buckets) {
    const expected = seen.length / counts.length
    const chi2 = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0)
    // 1023 degrees of freedom: 1300 has a probability of 1e-8.
    t.ok(chi2 < 1300, `chi-squared ${chi2.toFixed(0)}`)
  }
})

t.test('one changed bit changes about half of the id', async (t) => {
  const bytes = new Uint8Array(64)
  const base = bytesId('set', bytes)
  let worst = 64
  let sum = 0
  for (let bit = 0; bit < 512; bit++) {
    bytes[bit >> 3] = 1 << (bit & 7)
    const changed = bitsOf(base ^ bytesId('set', bytes))
    bytes[bit >> 3] = 0
    worst = Math.min(worst, changed)
    sum += changed
  }
  t.ok(worst >= 12, `at least ${worst} bits`)
  t.ok(Math.abs(sum / 512 - 32) < 2, `on average ${sum / 512} bits`)
})

t.test('parts, kinds and lengths are kept apart', async (t) => {
  const ids = [
    nameId('service', 'ab', 'c'),
    nameId('service', 'a', 'bc'),
    nameId('service', 'abc'),
    nameId('service', 'abc', ''),
    nameId('workload', 'abc'),
    nameId('service', ''),
    nameId('service'),
    nameId('service', '\0'),
    bytesId('set', new Uint8Array(0)),
    bytesId('set', new Uint8Array(4)),
    bytesId('set', new Uint8Array(8)),
  ]
  t.equal(new Set(ids).size, ids.length)
})

t.test('the same content has the same id in every process', async (t) => {
  t.equal(idText(nameId('service', 'default/reviews.default.svc.cluster.local', 'http')), 'a952b750ef559796')
  t.equal(
    idText(
      bytesId(
        'set',
        Uint8Array.from({ length: 64 }, (_, i) => i),
      ),
    ),
    '0fff47d396f2ef85',
  )
})

function repeats(values: Uint32Array | BigUint64Array): number {
  values.sort()
  let same = 0
  for (let i = 1; i < values.length; i++) if (values[i] === values[i - 1]) same++
  return same
}

function bitsOf(value: bigint): number {
  return value.toString(2).replaceAll('0', '').length
}
