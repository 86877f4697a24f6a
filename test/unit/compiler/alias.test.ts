import t from 'tap'
import { ALWAYS_STAYS, aliasShares, aliasTable } from '../../../controller/compiler/alias.ts'
import { randomBelow } from './random.ts'

/** Shares rebuilt exactly, in units of 2^-32 of a column. */
function rebuilt(shares: readonly bigint[]): bigint[] {
  const { threshold, alias } = aliasTable(shares)
  const units = shares.map(() => 0n)
  for (const [column, mark] of threshold.entries()) {
    const stays = mark === ALWAYS_STAYS ? 1n << 32n : BigInt(mark)
    const other = alias[column] ?? -1
    units[column] = (units[column] ?? 0n) + stays
    units[other] = (units[other] ?? 0n) + (1n << 32n) - stays
  }
  return units
}

/** The largest error of a share, in units of 2^-32 of a column, rounded up. */
function worstError(shares: readonly bigint[]): bigint {
  const total = shares.reduce((sum, share) => sum + share, 0n)
  const exact = total << 32n
  return rebuilt(shares).reduce((worst, units, i) => {
    const off = units * total - (shares[i] ?? 0n) * BigInt(shares.length) * (exact / total)
    const error = ((off < 0n ? -off : off) + total - 1n) / total
    return error > worst ? error : worst
  }, 0n)
}

t.test('equal shares never leave their column', async (t) => {
  const { threshold, alias } = aliasTable([7n, 7n, 7n])
  t.strictSame([...threshold], [ALWAYS_STAYS, ALWAYS_STAYS, ALWAYS_STAYS])
  t.strictSame([...alias], [0, 1, 2])
})

t.test('80/15/5 comes out to less than 2^-32 for each column', async (t) => {
  t.ok(worstError([80n, 15n, 5n]) <= 3n)
  t.strictSame(
    aliasShares(aliasTable([80n, 15n, 5n])).map((share) => share.toFixed(8)),
    ['0.80000000', '0.15000000', '0.05000000'],
  )
})

t.test('a zero share is never drawn, a single share always', async (t) => {
  t.equal(rebuilt([0n, 1n, 3n])[0], 0n)
  t.strictSame(rebuilt([5n]), [1n << 32n])
  t.strictSame(rebuilt([0n, 1n]), [0n, 2n << 32n])
})

t.test('random shares come out to less than 2^-32 for each column', async (t) => {
  const random = randomBelow(t, 'alias')
  const wrong: string[] = []
  for (let round = 0; round < 300; round++) {
    const count = 1 + random(40)
    const range = [2, 10, 1000, 2 ** 31][random(4)] ?? 2
    const shares = Array.from({ length: count }, () => BigInt(random(range)) ** BigInt(1 + random(3)))
    if (!shares.some((share) => share > 0n)) shares.fill(1n)
    const error = worstError(shares)
    if (error > BigInt(count)) wrong.push(`${shares.join(' ')}: off by ${error} units in ${count} columns`)
  }
  t.strictSame(wrong, [])
})

t.test('100,000 different shares are exact too', async (t) => {
  const shares = Array.from({ length: 100_000 }, (_, i) => BigInt(1 + ((i * 7919) % 65536)))
  const from = process.cpuUsage()
  const table = aliasTable(shares)
  t.comment(`${process.cpuUsage(from).user / 1000} ms for 100,000 columns`)
  t.equal(table.threshold.length, 100_000)
  t.ok(worstError(shares) <= 100_000n)
  t.strictSame(aliasTable(shares), table, 'the same shares give the same table')
})
