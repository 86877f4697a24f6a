import t from 'tap'
import { automaticAddresses } from '../../../../controller/sources/files/automatic-address.ts'

const NONE = new Set<string>()
const names = (count: number): string[] => Array.from({ length: count }, (_, n) => `default/host-${n}.example.org`)

t.test('the same names always get the same addresses, in whatever order they come', async (t) => {
  const some = names(2000)
  t.same(
    new Map([...automaticAddresses(some.toReversed(), NONE)].sort()),
    new Map([...automaticAddresses(some, NONE)].sort()),
  )
})

t.test('no two names have one address, and both families go together', async (t) => {
  const given = [...automaticAddresses(names(20_000), NONE).values()]
  t.equal(new Set(given.map(({ v4 }) => v4)).size, 20_000)
  t.equal(new Set(given.map(({ v6 }) => v6)).size, 20_000)
  t.ok(given.every(({ v4, v6 }) => /^240\.240\.\d+\.\d+$/.test(v4) && /^2001:2::[0-9a-f]{1,4}$/.test(v6)))
  t.notOk(given.some(({ v4 }) => v4 === '240.240.0.0' || v4 === '240.240.255.255'))
})

t.test('most names keep their address when others come', async (t) => {
  const before = automaticAddresses(names(100), NONE)
  const after = automaticAddresses([...names(100), ...names(100).map((name) => `another${name}`)], NONE)
  const moved = [...before].filter(([name, { v4 }]) => after.get(name)?.v4 !== v4)
  t.ok(moved.length <= 2, `${moved.length} moved`)
})

t.test('addresses that are given out by hand are left alone', async (t) => {
  const [[name, first] = ['', undefined]] = [...automaticAddresses(['default/a'], NONE)]
  const [[, second] = ['', undefined]] = [...automaticAddresses([name], new Set([first?.v4 ?? '']))]
  t.ok(second !== undefined && second.v4 !== first?.v4)
})

t.test('a full range is used to the last address, then nothing is given', async (t) => {
  const given = automaticAddresses(names(65_600), NONE)
  t.equal(given.size, 65_521)
})
