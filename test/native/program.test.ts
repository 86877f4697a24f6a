/** Programs: what the kernel tells about them, test runs, pins; what it offers. */
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { type BpfProgram, native } from '../../native/index.ts'
import { needsRoot, openTestObject, ownBpffs, u32 } from './places.ts'

function loadPacketLength(t: Test, addend: number): BpfProgram {
  const object = openTestObject(t, 'packet')
  object.setRodata('addend', u32(addend))
  object.load()
  return object.program('packet_length')
}

t.test('a program tells what it is', needsRoot, (t) => {
  const [one, other] = [loadPacketLength(t, 1), loadPacketLength(t, 2)]
  t.equal(one.name, 'packet_length')
  t.match(one.tag, /^[0-9a-f]{16}$/)
  t.equal(one.tag, other.tag, 'the same instructions')
  t.not(one.id, other.id)
  t.equal(one.mapIds.length, 1, '.rodata')
  t.notSame(one.mapIds, other.mapIds)
  t.ok(one.verifiedInsns === 0 || one.verifiedInsns >= 5)
  t.type(one.stats().runs, 'bigint')
  t.type(one.stats().ns, 'bigint')
  t.end()
})

t.test('a test run changes packet and context', needsRoot, (t) => {
  const program = loadPacketLength(t, 1000)
  const context = Buffer.alloc(192) // struct __sk_buff
  context.writeUInt32LE(6, 8) // mark
  const run = program.testRun({ data: Buffer.alloc(64), ctx: context, repeat: 1 })
  t.equal(run.retval, 1064)
  t.equal(run.data.length, 64)
  t.equal(run.data[0], 0x42)
  t.equal(run.ctx.readUInt32LE(8), 7)
  t.equal(context.readUInt32LE(8), 6, 'what was given is left alone')
  t.ok(program.testRun({ data: Buffer.alloc(64), repeat: 1000 }).durationNs >= 0)
  t.throws(() => program.testRun({ data: Buffer.alloc(4) }), { code: 'EINVAL', syscall: 'bpf_prog_test_run_opts' })
  t.end()
})

t.test('a program type without test runs says ENOTSUPP', needsRoot, (t) => {
  const object = openTestObject(t, 'packet')
  object.load()
  t.throws(() => object.program('packet_connect4').testRun({}), { code: 'ENOTSUPP', errno: -524 })
  t.end()
})

t.test('a program is found by its id and by its pin', needsRoot, (t) => {
  const folder = ownBpffs(t)
  const program = loadPacketLength(t, 0)
  t.equal(native().programById(program.id).tag, program.tag)
  program.pin(join(folder, 'kmesh_test'))
  t.equal(native().openPinnedProgram(join(folder, 'kmesh_test')).id, program.id)
  t.throws(() => native().programById(0xffffffff), { code: 'ENOENT', syscall: 'bpf_prog_get_fd_by_id' })
  t.throws(() => native().programById(2 ** 32), RangeError)
  program.close()
  program.close()
  t.throws(() => program.stats(), { message: 'this BpfProgram is closed' })
  t.end()
})

t.test('features of the kernel are found by trying', needsRoot, (t) => {
  const addon = native()
  t.equal(addon.probeProgramType(18), true, 'BPF_PROG_TYPE_CGROUP_SOCK_ADDR')
  t.equal(addon.probeMapType(27), true, 'BPF_MAP_TYPE_RINGBUF')
  t.equal(addon.probeHelper(18, 1), true, 'bpf_map_lookup_elem')
  t.equal(addon.probeHelper(18, 44), false, 'bpf_xdp_adjust_head is not for cgroup hooks')
  t.match(addon.libbpfVersion(), /^v[1-9]\.\d+/)
  t.end()
})

t.test('one thing does not pass for another', needsRoot, (t) => {
  const addon = native()
  const map = addon.createMap({ name: 'kmesh_test', type: 1, keySize: 4, valueSize: 4, maxEntries: 1 })
  const program = loadPacketLength(t, 0)
  const wrong = { name: 'TypeError', message: 'a BpfProgram is expected' }
  t.throws(() => addon.attachLink(map as unknown as BpfProgram, { path: '/' }, 10), wrong)
  t.throws(() => addon.attachLink({} as BpfProgram, { path: '/' }, 10), wrong)
  t.throws(() => addon.attachProgram(program, program as never, 7), { message: 'a BpfMap is expected' })
  t.throws(() => map.lookup.call(program, u32(1)), TypeError)
  t.throws(() => Reflect.construct(map.constructor, []), { message: 'illegal constructor' })
  t.end()
})
