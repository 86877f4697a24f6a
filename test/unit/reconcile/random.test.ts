import t from 'tap'
import { TABLES } from '../../../controller/abi/tables.ts'
import { compile } from '../../../controller/compiler/compile.ts'
import type { Limits } from '../../../controller/compiler/limits.ts'
import { tablesOf } from '../../../controller/compiler/tables.ts'
import { createFakeStore } from '../../../controller/kernel/fake.ts'
import { createFaultyStore, type FaultyStore } from '../../../controller/kernel/faulty.ts'
import type { Mesh } from '../../../controller/model/mesh.ts'
import type { MapStore } from '../../../controller/reconcile/store.ts'
import { HERE } from '../compiler/mesh.ts'
import { randomBelow } from '../compiler/random.ts'
import { randomMesh } from '../compiler/random-mesh.ts'
import { createWorld, GRACE_MS } from './world.ts'

type Random = (range: number) => number

/** All entries, sorted; of cursors only the keys, for their values are the kernel's. */
function content(store: MapStore): string[] {
  return TABLES.flatMap((table) => {
    const { count, keys, values } = store.dump(table)
    const [keySize, valueSize] = [keys.length / count, table === 'cursors' ? 0 : values.length / count]
    const hex = (bytes: Uint8Array, size: number, i: number) =>
      Buffer.from(bytes.subarray(i * size, (i + 1) * size)).toString('hex')
    return Array.from({ length: count }, (_, i) => `${table} ${hex(keys, keySize, i)} ${hex(values, valueSize, i)}`)
  }).sort()
}

function fresh(mesh: Mesh, limits: Limits): string[] {
  const store = createFakeStore()
  const { fragments } = compile(mesh, HERE, limits)
  for (const [table, entries] of tablesOf(fragments)) store.update(table, entries)
  return content(store)
}

/** @returns what went wrong */
function play(random: Random, probability: number, limits: Partial<Limits>): readonly string[] {
  let faulty: FaultyStore | undefined
  const wrap = (store: MapStore) => {
    faulty = createFaultyStore(store, () => random(1_000_000) / 1_000_000)
    faulty.probability = probability
    return faulty
  }
  const world = createWorld({ limits, wrap })
  const full = Object.keys(limits).length > 0
  // An address whose new service does not fit goes on with its old one, whatever becomes of that.
  const { mesh, step } = randomMesh(random, !full)
  for (let push = 0; push < 25; push++) {
    for (let n = 1 + random(4); n > 0; n--) step()
    world.push(mesh())
    if (random(3) === 0) world.clock.advance(random(2 * GRACE_MS))
    // What is kept of a service that does not fit is known by its ids after a restart, so not always in full.
    if (random(10) === 0 && !full) {
      world.restart()
      world.push(mesh())
    }
  }
  if (faulty !== undefined) faulty.probability = 0
  world.push(mesh())
  world.clock.advance(100 * GRACE_MS)
  const wrong = [...world.store.violations]
  // What does not fit keeps its last state, and takes the room of others with that: each of those is told.
  const { waiting, problems } = world.outcome ?? { waiting: ['everything'], problems: [] }
  if (full ? waiting.length !== problems.length : world.outcome?.settled !== true) wrong.push(`waiting: ${waiting}`)
  if (world.clock.pending > 0) wrong.push('a timer still runs')
  const expected = new Set(fresh(mesh(), world.limits))
  const held = content(world.store)
  if (full) return wrong
  wrong.push(...held.filter((line) => !expected.has(line)).map((line) => `too much: ${line}`))
  for (const line of held) expected.delete(line)
  wrong.push(...Array.from(expected, (line) => `missing: ${line}`))
  return wrong
}

for (const [about, probability, limits] of [
  ['a store that works', 0, {}],
  ['a store that fails at times', 0.05, {}],
  ['a store that fails often', 0.4, {}],
  ['maps that are often full', 0, { slots: 26, frontends: 16, services: 10 }],
  ['maps that are often full, and fail', 0.1, { slots: 26, frontends: 16, services: 10 }],
] as const) {
  t.test(`${about}: every address shows old or new at every step, and in the end what is wanted`, async (t) => {
    const random = randomBelow(t, about)
    for (let round = 0; round < 4; round++) {
      const wrong = play(random, probability, limits)
      if (wrong.length > 0) {
        t.strictSame(wrong.slice(0, 5), [], `round ${round}`)
        return
      }
    }
    t.pass('4 rounds of 25 pushes')
  })
}
