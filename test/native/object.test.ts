/** ELF objects: opening, settings, loading, what goes wrong. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { native } from '../../native/index.ts'
import { needsRoot, objectFile, openTestObject, ownBpffs, ownFolder, u32, u64 } from './places.ts'

t.test('an object names its maps and programs before it is loaded', (t) => {
  t.same(openTestObject(t, 'sockets').names(), {
    maps: ['targets', 'established', 'sent_bytes'],
    programs: [
      { name: 'sockets_connect4', section: 'cgroup/connect4', type: 18, attachType: 10 },
      { name: 'sockets_established', section: 'sockops', type: 13, attachType: 3 },
      { name: 'sockets_sent', section: 'sk_msg', type: 16, attachType: 7 },
      { name: 'sockets_targets', section: 'iter/bpf_sk_storage_map', type: 26, attachType: 28 },
    ],
  })
  t.same(openTestObject(t, 'witness').names().maps, ['seen', 'reports'], 'without .rodata')
  t.end()
})

t.test('an object opens from memory as from its file', needsRoot, (t) => {
  const bytes = readFileSync(objectFile('packet'))
  const fromMemory = native().openObject(bytes)
  const fromFile = openTestObject(t, 'packet')
  t.same(fromMemory.names(), fromFile.names())
  bytes.fill(0) // what was opened does not depend on the buffer
  for (const object of [fromMemory, fromFile]) {
    object.setRodata('addend', u32(1))
    object.load()
  }
  t.equal(fromMemory.program('packet_length').tag, fromFile.program('packet_length').tag)
  t.end()
})

t.test('what is not an object is refused', (t) => {
  const file = join(ownFolder(t), 'text.bpf.o')
  writeFileSync(file, 'no ELF')
  const missing = { code: 'ENOENT', syscall: 'bpf_object__open_file', message: /none\.bpf\.o: No such file/ }
  t.throws(() => native().openObject(`${file}-none.bpf.o`), missing)
  t.throws(() => native().openObject(file), { name: 'Error', syscall: 'bpf_object__open_file', bpfLog: /libbpf: / })
  t.throws(() => native().openObject(Buffer.from('no ELF')), { name: 'Error', syscall: 'bpf_object__open_mem' })
  t.throws(() => native().openObject(Buffer.alloc(0)), { code: 'EINVAL' })
  t.throws(() => native().openObject(7 as unknown as string), TypeError)
  t.end()
})

t.test('constants are set by name, in their own size, before load', needsRoot, (t) => {
  const object = openTestObject(t, 'packet')
  t.throws(() => object.setRodata('nothing', u32(1)), { code: 'ENOENT', message: /nothing/ })
  t.throws(() => object.setRodata('addend', u64(1)), { name: 'RangeError', message: /addend has 8 bytes instead of 4/ })
  object.setRodata('addend', u32(1000))
  object.load()
  t.equal(object.program('packet_length').testRun({ data: Buffer.alloc(64) }).retval, 1064)
  t.throws(() => object.setRodata('addend', u32(1)), { message: /settings come before load/ })
  t.end()
})

t.test('the size of a map is set before load', needsRoot, (t) => {
  const object = openTestObject(t, 'witness')
  object.setMaxEntries('seen', 3)
  t.throws(() => object.setMaxEntries('nothing', 3), { code: 'ENOENT' })
  t.throws(() => object.setMaxEntries('seen', -1), RangeError)
  object.load()
  t.equal(object.map('seen').maxEntries, 3)
  t.throws(() => object.setMaxEntries('seen', 4), { message: /settings come before load/ })
  t.end()
})

t.test('a pinned map is used instead of a new one', needsRoot, (t) => {
  const path = join(ownBpffs(t), 'seen')
  const first = openTestObject(t, 'witness')
  first.load()
  first.map('seen').update(u32(80), u64(7))
  first.map('seen').pin(path)
  first.close()

  const second = openTestObject(t, 'witness')
  const pinned = native().openPinnedMap(path)
  second.setMaxEntries('seen', 99)
  second.reuseMap('seen', pinned)
  second.load()
  t.equal(second.map('seen').id, pinned.id)
  t.equal(second.map('seen').maxEntries, 16, 'the size is that of the map')
  t.same(second.map('seen').lookup(u32(80)), u64(7))
  t.ok(second.program('witness_connect4').mapIds.includes(pinned.id))
  t.end()
})

t.test('a map of another layout is not used', needsRoot, (t) => {
  const object = openTestObject(t, 'witness')
  const shape = { name: 'kmesh_test', type: 1, keySize: 4, valueSize: 8, maxEntries: 16 }
  const others = [
    { ...shape, type: 9 },
    { ...shape, keySize: 8 },
    { ...shape, valueSize: 16 },
    { ...shape, flags: 1 },
  ]
  for (const other of others) {
    const map = native().createMap(other)
    t.throws(() => object.reuseMap('seen', map), { code: 'EINVAL', message: /seen has another type, size or flags/ })
  }
  object.reuseMap('seen', native().createMap(shape))
  object.load()
  t.end()
})

t.test("a refused program's error has the verifier's log", needsRoot, (t) => {
  const object = openTestObject(t, 'broken')
  t.throws(() => object.load(), {
    code: 'EACCES',
    errno: -13,
    syscall: 'bpf_object__load',
    message: 'bpf_object__load broken: Permission denied',
    bpfLog: /\*number = ctx->user_port;.*R0 invalid mem access 'map_value_or_null'/s,
  })
  t.throws(() => object.map('numbers'), { message: /is not loaded/ })
  // The next call's error has its own log, not this one.
  t.throws(() => native().openPinnedMap('/nowhere'), { code: 'ENOENT', bpfLog: '' })
  t.end()
})

t.test('a program can be left out', needsRoot, (t) => {
  const object = openTestObject(t, 'packet')
  object.setAutoload('packet_connect4', false)
  t.throws(() => object.setAutoload('nothing', false), { code: 'ENOENT' })
  object.load()
  t.equal(object.program('packet_length').name, 'packet_length')
  t.throws(() => object.program('packet_connect4'), { code: 'ENOENT', message: /left out/ })
  t.end()
})

t.test('one function is loaded for another hook', needsRoot, (t) => {
  const object = openTestObject(t, 'packet')
  object.setAttachType('packet_connect4', 14) // BPF_CGROUP_UDP4_SENDMSG
  t.equal(object.names().programs[1]?.attachType, 14)
  object.load()
  t.ok(object.program('packet_connect4').id > 0)
  t.end()
})

t.test('maps and programs outlive their object, and each other', needsRoot, (t) => {
  const object = openTestObject(t, 'packet')
  object.load()
  const program = object.program('packet_length')
  const again = object.program('packet_length')
  object.close()
  object.close()
  program.close()
  t.equal(again.testRun({ data: Buffer.alloc(20) }).retval, 20)
  t.throws(() => object.names(), { message: 'this BpfObject is closed' })
  t.throws(() => object.load(), { message: 'this BpfObject is closed' })
  t.end()
})
