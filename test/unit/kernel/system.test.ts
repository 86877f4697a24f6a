/** What is read from /proc, and what is asked of it. */
import t from 'tap'
import { findCgroup2 } from '../../../controller/kernel/cgroup.ts'
import { isBelow, mountOf, parseMounts } from '../../../controller/kernel/mounts.ts'
import { checkPrivileges } from '../../../controller/kernel/privileges.ts'
import { mapSizes, TABLES } from '../../../controller/kernel/tables.ts'

const MOUNTS = parseMounts(
  [
    '22 1 254:0 / / rw,relatime - ext4 /dev/vda rw',
    '30 22 0:26 / /sys/fs/cgroup ro,nosuid shared:9 - tmpfs tmpfs ro,mode=755',
    '31 30 0:27 /kubepods/x /run/some\\040place rw - cgroup2 cgroup rw',
    '32 30 0:27 / /sys/fs/cgroup/unified rw,nosuid shared:10 master:2 - cgroup2 cgroup2 rw,nsdelegate',
    '',
  ].join('\n'),
)

t.test('mounts are read with their optional fields and escapes', (t) => {
  t.same(MOUNTS[2], { path: '/run/some place', root: '/kubepods/x', type: 'cgroup2' })
  t.equal(MOUNTS.length, 4)
  t.equal(mountOf(MOUNTS, '/sys/fs/cgroup/unified/a/b')?.type, 'cgroup2')
  t.equal(mountOf(MOUNTS, '/sys/fs/cgroup/unifiedly')?.type, 'tmpfs')
  t.equal(mountOf(MOUNTS, '/etc')?.path, '/')
  t.end()
})

t.test('of several cgroup2 mounts the whole one is taken', (t) => {
  t.equal(findCgroup2(MOUNTS), '/sys/fs/cgroup/unified')
  t.equal(findCgroup2(MOUNTS.slice(0, 3)), '/run/some place')
  t.equal(findCgroup2(MOUNTS.slice(0, 2)), undefined)
  t.end()
})

t.test('below means whole components', (t) => {
  t.ok(isBelow('/a/b', '/a'))
  t.ok(isBelow('/a', '/a'))
  t.ok(isBelow('/a', '/'))
  t.notOk(isBelow('/ab', '/a'))
  t.end()
})

t.test('missing capabilities are named', (t) => {
  t.doesNotThrow(() => checkPrivileges('CapEff:\t000001ffffffffff\n'))
  t.throws(() => checkPrivileges('CapEff:\t0000000000000000\n'), {
    code: 'privileges',
    message: 'needs root to load and attach BPF programs; missing: CAP_NET_ADMIN and CAP_SYS_ADMIN',
  })
  t.throws(() => checkPrivileges('CapEff:\t0000000000200000\n'), { message: /missing: CAP_NET_ADMIN$/ })
  t.end()
})

t.test('every map has a size, and every table is a map', (t) => {
  const sizes = mapSizes({ slots: 5, events: 8192 })
  t.equal(sizes.get('slots'), 5)
  t.equal(sizes.get('events'), 8192)
  t.ok((sizes.get('frontends') ?? 0) > 1000)
  for (const table of TABLES) t.ok(sizes.has(table), table)
  t.end()
})
