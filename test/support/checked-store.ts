/**
 * A fake store that plays the reader after every single write: each address must show its old or its new endpoints,
 * whole, never a mix and never nothing.
 */
import type { Compiled } from '../../controller/compiler/compile.ts'
import type { Fragment } from '../../controller/compiler/fragment.ts'
import { tablesOf } from '../../controller/compiler/tables.ts'
import { createFakeStore, type FakeStore } from '../../controller/kernel/fake.ts'
import { frontendText, meet, meetAll } from './reader.ts'

export interface CheckedStore extends FakeStore {
  /** what went wrong, in words */
  readonly violations: readonly string[]
  /** From now on, what `compiled` says may be seen too. */
  expect(compiled: Pick<Compiled, 'fragments' | 'refused'>): void
  /** From now on, only that may be seen. */
  settled(): void
}

type States = Map<string, Set<string>>

export function createCheckedStore(sizes: Readonly<Record<string, number>> = {}): CheckedStore {
  let allowed: States = new Map()
  let latest: States = new Map()
  let accepted: ReadonlyMap<string, Fragment> = new Map()
  const violations: string[] = []
  const check = (table: string) => {
    for (const [key, states] of allowed) {
      const met = meet(fake, Buffer.from(key, 'latin1'))
      if (!states.has(met)) {
        violations.push(`after a write to ${table}, ${frontendText(key)} shows ${met}; not ${[...states].join(' or ')}`)
      }
    }
  }
  const fake = createFakeStore({ sizes, afterEach: check })
  return {
    ...fake,
    get writes() {
      return fake.writes
    },
    violations,
    expect({ fragments, refused }) {
      const kept = refused.flatMap(({ key }) => accepted.get(key) ?? [])
      accepted = new Map([...fragments, ...kept].map((fragment) => [fragment.key, fragment]))
      latest = new Map()
      for (const fragment of accepted.values()) {
        for (const [key, state] of statesOf(fragment)) add(latest, key, state)
      }
      for (const key of new Set([...allowed.keys(), ...latest.keys()])) {
        if (!allowed.has(key)) add(allowed, key, 'none')
        for (const state of latest.get(key) ?? ['none']) add(allowed, key, state)
      }
    },
    settled() {
      allowed = new Map(Array.from(latest, ([key, states]) => [key, new Set(states)]))
      check('nothing')
    },
  }
}

function add(states: States, key: string, state: string): void {
  states.set(key, (states.get(key) ?? new Set()).add(state))
}

const known = new WeakMap<Fragment, ReadonlyMap<string, string>>()

function statesOf(fragment: Fragment): ReadonlyMap<string, string> {
  const states = known.get(fragment) ?? readStates(fragment)
  known.set(fragment, states)
  return states
}

function readStates(fragment: Fragment): ReadonlyMap<string, string> {
  const store = createFakeStore()
  for (const [table, entries] of tablesOf([fragment])) store.update(table, entries)
  return meetAll(store)
}
