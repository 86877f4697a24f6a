/** Links to a network namespace and to an interface, both of the test's own. */
import { join } from 'node:path'
import t from 'tap'
import { native, projectRoot } from '../../native/index.ts'
import { needsRoot, objectFile, openTestObject, outputOf, ownNetns } from './places.ts'

const SK_LOOKUP = 36

/** Inside a namespace: three programs on its loopback interface (index 1), and their order. */
const ON_INTERFACE = `
  const { native } = await import(process.argv[1])
  const addon = native()
  const load = () => {
    const object = addon.openObject(process.argv[2])
    object.load()
    return object.program('packet_length')
  }
  const [a, b, c] = [load(), load(), load()]
  const loopback = { ifindex: 1 }
  const TCX_INGRESS = 46
  try {
    const links = [
      addon.attachLink(a, loopback, TCX_INGRESS),
      addon.attachLink(b, loopback, TCX_INGRESS, { place: 'first' }),
      addon.attachLink(c, loopback, TCX_INGRESS, { place: 'after', relativeTo: b.id }),
    ]
    const order = addon.queryPrograms(loopback, TCX_INGRESS).map((id) => 'abc'[[a.id, b.id, c.id].indexOf(id)])
    links[1].close()
    console.log(order.join(''), addon.queryPrograms(loopback, TCX_INGRESS).length)
  } catch (error) {
    console.log(error.code, error.message)
  }
`

t.test('programs on an interface, in order', needsRoot, async (t) => {
  const netns = await ownNetns(t)
  const module = join(projectRoot(), 'dist', 'native', 'index.js')
  const node = [process.execPath, '--input-type=module', '-e', ON_INTERFACE, module, objectFile('packet')]
  const output = (await outputOf('nsenter', [`--net=${netns}`, ...node])).trim()
  if (output.startsWith('E')) {
    t.equal(output, 'EINVAL bpf_link_create interface 1: Invalid argument')
    t.pass('tcx', { skip: 'this kernel has no links to interfaces (6.6)' })
  } else {
    t.equal(output, 'bca 2')
  }
})

t.test('a program on a network namespace', needsRoot, async (t) => {
  const addon = native()
  const netns = await ownNetns(t)
  const object = openTestObject(t, 'packet')
  object.load()
  const program = object.program('packet_lookup')
  for (const port of [18099, 18100]) {
    const fd = addon.socketIn(netns, 'tcp', '127.0.0.1', port)
    t.teardown(() => addon.closeFd(fd))
  }
  const answer = (port: number) => {
    const script = `require('node:net').connect(${port}, '127.0.0.1', () => { console.log('connected'); process.exit() })
      .on('error', (error) => console.log(error.code))`
    return outputOf('nsenter', [`--net=${netns}`, process.execPath, '-e', script])
  }
  const link = addon.attachLink(program, { path: netns }, SK_LOOKUP)
  t.same(addon.queryPrograms({ path: netns }, SK_LOOKUP), [program.id])
  t.equal(await answer(18099), 'ECONNREFUSED\n')
  t.equal(await answer(18100), 'connected\n')
  link.close()
  t.equal(await answer(18099), 'connected\n')
})
