import t from 'tap'
import { chiSquaredP, median, quantile } from '../../../lab/statistics.ts'

// From published tables of the distribution: critical values for p = 0.05 and 0.001.
const CRITICAL = [
  { freedom: 1, p: 0.05, statistic: 3.841459 },
  { freedom: 2, p: 0.001, statistic: 13.815511 },
  { freedom: 10, p: 0.05, statistic: 18.307038 },
]

/** Counts whose statistic is the wanted one, all shares equal. */
function countsFor(freedom: number, statistic: number): number[] {
  const each = 1e6
  const off = Math.sqrt((statistic * each) / 2)
  return [each + off, each - off, ...Array<number>(freedom - 1).fill(each)]
}

t.test('chi-squared agrees with the tables', async (t) => {
  for (const { freedom, p, statistic } of CRITICAL) {
    const counts = countsFor(freedom, statistic)
    const found = chiSquaredP(
      counts,
      counts.map(() => 1),
    )
    t.ok(Math.abs(found - p) < 1e-6, `${freedom} degrees of freedom, ${statistic}: ${found}`)
  }
  t.equal(chiSquaredP([80, 15, 5], [80, 15, 5]), 1)
  t.ok(chiSquaredP([820, 130, 50], [80, 15, 5]) > 0.001)
  t.ok(chiSquaredP([910, 90], [90, 20]) < 1e-6)
})

t.test('median and quantile', async (t) => {
  t.equal(median([3, 1, 2]), 2)
  t.equal(median([4, 1, 2, 3]), 2.5)
  t.equal(median([]), 0)
  t.equal(quantile([5, 4, 3, 2, 1], 0.99), 5)
  t.equal(quantile([1, 2, 3, 4], 0.5), 3)
})
