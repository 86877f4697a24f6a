import t from 'tap'
import { readTap } from '../../../tools/tap-output.ts'

t.test('counts, skips by name and failures with their reason', (t) => {
  const text = `TAP version 14
# Subtest: good
    ok 1 - a
    1..1
ok 1 - good # time=3.446ms

# Subtest: bad
    # SEED=1
    ok 1 - should be equal
    not ok 2 - one is two
      ---
      compare: ===
      source: >
        not ok 7 - text
      diff: |
        -2
        +1
      ...
    
    # Subtest: inner
        not ok 1 - x
          ---
          at: here
          ...
        
        1..1
    not ok 3 - inner # time=6.78ms
      ---
      source: >
        x
      ...
    
    1..3
not ok 2 - bad # time=30.589ms
  ---
  at: there
  ...

ok 3 - needs root # SKIP not root
# Subtest: more
    ok 1 - because # SKIP
    1..1
ok 4 - more # time=1.315ms

1..4
# { total: 6, pass: 2, fail: 2, skip: 2 }
# time=71.595ms
`
  t.same(readTap(text), {
    passed: 2,
    failed: 2,
    skipped: ['needs root (not root)', 'more > because'],
    failures: [
      { name: 'bad > one is two', details: ['SEED=1', 'compare: ===', 'diff: |', '  -2', '  +1'] },
      { name: 'bad > inner > x', details: ['SEED=1', 'at: here'] },
    ],
  })
  t.end()
})

t.test('a file that skips itself is one skip, with its reason', (t) => {
  t.same(readTap('TAP version 14\n1..0 # needs root\n# { total: 0, pass: 0 }\n'), {
    passed: 0,
    failed: 0,
    skipped: ['needs root'],
    failures: [],
  })
  t.end()
})

t.test('output that stops before the totals is no outcome', (t) => {
  t.equal(readTap('TAP version 14\n# Subtest: a\n    ok 1 - b\n'), undefined)
  t.equal(readTap(''), undefined)
  t.end()
})
