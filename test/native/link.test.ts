/** Links: attaching to a cgroup, replacing, order among others, pins. */
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { type BpfMap, type BpfProgram, native } from '../../native/index.ts'
import { needsRoot, openTestObject, ownBpffs, ownCgroup, u32 } from './places.ts'

const CONNECT4 = 10
const ALLOW = 1
const DENY = 0

interface Witness {
  readonly program: BpfProgram
  readonly reports: BpfMap
}

/** @param shared  where several are to report into one buffer: that of the first */
function loadWitness(t: Test, witness: number, decision: number, shared?: BpfMap): Witness {
  const object = openTestObject(t, 'witness')
  object.setRodata('witness', u32(witness))
  object.setRodata('decision', u32(decision))
  if (shared !== undefined) object.reuseMap('reports', shared)
  object.load()
  return { program: object.program('witness_connect4'), reports: object.map('reports') }
}

/** Makes one connect(2) in the cgroup. @returns who witnessed it, in order */
function witnesses(cgroup: string, reports: BpfMap): readonly number[] {
  const seen: number[] = []
  const ring = native().ringBuffer(reports, (report) => seen.push(report.readUInt32LE(8)), 3_600_000)
  try {
    native().probeConnect(undefined, cgroup, '127.0.0.1', 9)
  } finally {
    ring.consume()
    ring.close()
  }
  return seen
}

t.test('a link attaches to a cgroup, and ends with its last descriptor', needsRoot, (t) => {
  const cgroup = ownCgroup(t)
  const { program, reports } = loadWitness(t, 1, ALLOW)
  t.same(witnesses(cgroup, reports), [])
  const link = native().attachLink(program, { path: cgroup }, CONNECT4)
  t.ok(link.id > 0)
  t.equal(link.programId, program.id)
  t.same(witnesses(cgroup, reports), [1])
  t.same(native().queryPrograms({ path: cgroup }, CONNECT4), [program.id])
  link.close()
  link.close()
  t.same(witnesses(cgroup, reports), [])
  t.same(native().queryPrograms({ path: cgroup }, CONNECT4), [])
  t.throws(() => link.update(program), { message: 'this BpfLink is closed' })
  t.end()
})

t.test('a program refuses', needsRoot, (t) => {
  const cgroup = ownCgroup(t)
  const { program, reports } = loadWitness(t, 1, DENY)
  const link = native().attachLink(program, { path: cgroup }, CONNECT4)
  t.teardown(() => link.close())
  t.throws(() => witnesses(cgroup, reports), { code: 'EPERM', syscall: 'connect' })
  t.end()
})

t.test('a link changes its program', needsRoot, (t) => {
  const cgroup = ownCgroup(t)
  const one = loadWitness(t, 1, ALLOW)
  const two = loadWitness(t, 2, ALLOW, one.reports)
  const link = native().attachLink(one.program, { path: cgroup }, CONNECT4)
  t.teardown(() => link.close())
  const { id } = link
  link.update(two.program)
  t.equal(link.id, id)
  t.equal(link.programId, two.program.id)
  t.same(witnesses(cgroup, one.reports), [2])

  const packet = openTestObject(t, 'packet')
  packet.load()
  t.throws(() => link.update(packet.program('packet_length')), { code: 'EINVAL', syscall: 'bpf_link_update' })
  t.same(witnesses(cgroup, one.reports), [2])
  t.end()
})

t.test('a pinned link holds on, until it is detached', needsRoot, (t) => {
  const cgroup = ownCgroup(t)
  const pin = join(ownBpffs(t), 'kmesh_test')
  const { program, reports } = loadWitness(t, 1, ALLOW)
  const link = native().attachLink(program, { path: cgroup }, CONNECT4)
  link.pin(pin)
  const { id } = link
  link.close()
  t.same(witnesses(cgroup, reports), [1])
  const again = native().openPinnedLink(pin)
  t.equal(again.id, id)
  again.detach()
  t.same(witnesses(cgroup, reports), [], 'although the pin is there')
  again.close()
  t.end()
})

t.test('inherited programs are effective ones', needsRoot, (t) => {
  const cgroup = ownCgroup(t)
  const { program } = loadWitness(t, 1, ALLOW)
  const link = native().attachLink(program, { path: cgroup }, CONNECT4)
  t.teardown(() => link.close())
  t.same(native().queryPrograms({ path: cgroup }, CONNECT4, true).at(-1), program.id)
  t.throws(() => native().queryPrograms({ path: '/proc' }, CONNECT4), { code: 'EBADF', message: /\/proc/ })
  t.end()
})

t.test('more programs than were asked for at first are listed', needsRoot, (t) => {
  const cgroup = ownCgroup(t)
  const { program } = loadWitness(t, 1, ALLOW)
  const links = Array.from({ length: 40 }, () => native().attachLink(program, { path: cgroup }, CONNECT4))
  t.teardown(() => {
    for (const link of links) link.close()
  })
  t.same(native().queryPrograms({ path: cgroup }, CONNECT4), Array(40).fill(program.id))
  t.end()
})

t.test('links are placed before and after others', needsRoot, (t) => {
  const addon = native()
  const cgroup = ownCgroup(t)
  const first = loadWitness(t, 1, ALLOW)
  const others = [2, 3, 4, 5].map((number) => loadWitness(t, number, ALLOW, first.reports))
  const [two, three, four, five] = others.map(({ program }) => program) as [
    BpfProgram,
    BpfProgram,
    BpfProgram,
    BpfProgram,
  ]
  const links = [
    addon.attachLink(first.program, { path: cgroup }, CONNECT4),
    addon.attachLink(two, { path: cgroup }, CONNECT4, { place: 'last' }),
  ]
  t.teardown(() => {
    for (const link of links) link.close()
  })
  t.same(witnesses(cgroup, first.reports), [1, 2], "'last' works on every kernel")
  try {
    links.push(addon.attachLink(three, { path: cgroup }, CONNECT4, { place: 'first' }))
  } catch (error) {
    t.match(error, { code: 'EINVAL', syscall: 'bpf_link_create' })
    t.pass('order', { skip: 'this kernel does not order programs of a cgroup (6.17)' })
    t.end()
    return
  }
  links.push(addon.attachLink(four, { path: cgroup }, CONNECT4, { place: 'before', relativeTo: two.id }))
  links.push(addon.attachLink(five, { path: cgroup }, CONNECT4, { place: 'after', relativeTo: first.program.id }))
  t.same(witnesses(cgroup, first.reports), [3, 1, 5, 4, 2])
  t.same(
    addon.queryPrograms({ path: cgroup }, CONNECT4),
    [three, first.program, five, four, two].map(({ id }) => id),
    'listed in the order in which they run',
  )
  t.throws(() => addon.attachLink(five, { path: cgroup }, CONNECT4, { place: 'before', relativeTo: 0xfffffff }), {
    syscall: 'bpf_link_create',
  } as never)
  t.end()
})

t.test('where a link cannot be', needsRoot, (t) => {
  const { program } = loadWitness(t, 1, ALLOW)
  t.throws(() => native().attachLink(program, { path: '/nowhere' }, CONNECT4), { code: 'ENOENT', syscall: 'open' })
  t.throws(() => native().attachLink(program, { path: '/proc' }, CONNECT4), {
    code: 'EBADF',
    syscall: 'bpf_link_create',
    message: /\/proc/,
  })
  t.throws(() => native().attachLink(program, { path: '/proc' }, 7), { code: 'EINVAL' }, "another type's hook")
  t.throws(() => native().attachLink(program, { path: '/proc' }, CONNECT4, { place: 'middle' as 'first' }), TypeError)
  t.throws(() => native().attachLink(program, {} as { path: string }, CONNECT4), TypeError)
  t.end()
})
