/**
 * Configuration in, tables out: every *.txt here is played on a store in memory, on one that fails now and then, and
 * on real maps. UPDATE=1 writes what was found into the files: read the difference before you believe it.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import t, { type Test } from 'tap'
import { maps } from '../../controller/abi/layouts.generated.ts'
import { TABLES } from '../../controller/abi/tables.ts'
import { createFakeStore } from '../../controller/kernel/fake.ts'
import { createFaultyStore } from '../../controller/kernel/faulty.ts'
import { createMapStore } from '../../controller/kernel/map-store.ts'
import type { MapStore } from '../../controller/reconcile/store.ts'
import { native } from '../../native/index.ts'
import { randomBelow } from '../unit/compiler/random.ts'
import { type Expectation, formatScenario, parseScenario, type Scenario, type Step } from './script.ts'
import { createWorld, type World } from './world.ts'

const FOLDER = join(import.meta.dirname, '../../../test/scenarios')
const update = process.env['UPDATE'] === '1'
const needsRoot = process.getuid?.() === 0 ? false : 'needs root'

/** How often a call of the faulty store fails. */
const FAULTS = 0.3

interface Stage {
  readonly store: MapStore
  /** between a push and the time when all must be well */
  readonly trouble?: (on: boolean) => void
}

/** @returns what each expectation should have said */
function play(t: Test, { parts }: Scenario, { store, trouble }: Stage): ReadonlyMap<Step, readonly string[]> {
  const found = new Map<Step, readonly string[]>()
  const world = createWorld(store)
  let unread: readonly string[] = []
  try {
    for (const { line, step } of parts) {
      if (step === undefined) continue
      if (step.is === 'node') {
        world.view = { name: step.name, locality: { region: '', zone: step.zone, subzone: '' } }
      } else if (step.is === 'push') {
        t.same(unread, [], 'problems that nobody expects')
        trouble?.(true)
        world.push(step.files)
        if (trouble !== undefined) world.settle()
        trouble?.(false)
        world.settle()
        t.ok(world.settled, `${line}: settled`)
        unread = world.problems()
      } else {
        if (step.is === 'problems') unread = []
        // Attempts that failed are counted too.
        if (step.is === 'writes' && trouble !== undefined) continue
        const lines = ask(world, step)
        found.set(step, lines)
        if (!update) t.same(lines, step.lines, line)
      }
    }
    t.same(unread, [], 'problems that nobody expects')
  } finally {
    world.close()
  }
  return found
}

function ask(world: World, step: Expectation): readonly string[] {
  if (step.is === 'problems') return world.problems()
  if (step.is === 'writes') return [String(world.writes())]
  const lines = world.dump()
  return step.tables.length === 0 ? lines : lines.filter((line) => step.tables.includes(line.split(' ', 1)[0] ?? ''))
}

for (const file of readdirSync(FOLDER).filter((name) => name.endsWith('.txt'))) {
  const path = join(FOLDER, file)
  const text = readFileSync(path, 'utf8')
  t.test(basename(file, '.txt'), async (t) => {
    const scenario = parseScenario(text)
    await t.test('in memory', async (t) => {
      const found = play(t, scenario, { store: createFakeStore() })
      if (update) writeFileSync(path, formatScenario(scenario, found))
      else t.equal(formatScenario(scenario, new Map()), text, 'is written as UPDATE=1 writes it')
    })
    if (update) return
    await t.test('with faults', async (t) => {
      const random = randomBelow(t, file)
      const store = createFaultyStore(createFakeStore(), () => random(1_000_000) / 1_000_000)
      const trouble = (on: boolean): void => {
        store.probability = on ? FAULTS : 0
      }
      play(t, scenario, { store, trouble })
    })
    await t.test('on real maps', { skip: needsRoot }, async (t) => {
      const own = TABLES.map((table) => {
        const { key, value, type, flags, maxEntries } = maps[table]
        const sizes = { keySize: key.size, valueSize: value.size }
        return [table, native().createMap({ name: 'kmesh_test', type, ...sizes, maxEntries, flags })] as const
      })
      try {
        play(t, scenario, { store: createMapStore(new Map(own)) })
      } finally {
        for (const [, map] of own) map.close()
      }
    })
  })
}
