/** Programs of others on our hooks, and programs that the kernel does not take. */
import { join } from 'node:path'
import type { KernelProblem } from '../../controller/kernel/error.ts'
import { loadObjects } from '../../controller/kernel/loader.ts'
import { makeLabCgroup } from '../../lab/cgroup.ts'
import { type LinkOrder, native, projectRoot } from '../../native/index.ts'
import { type Place, testAtPlace } from './place.ts'

const CONNECT4 = 10
const TEST_OBJECTS = join(projectRoot(), 'build', 'test-bpf')

/** A program of somebody else, which lets everything pass. @returns its id */
function attachNeighbour(place: Place, cgroup: string): number {
  const loaded = loadObjects(
    { directory: TEST_OBJECTS, objects: { witness: {} }, reuse: new Map(), sizes: new Map() },
    place.log,
  )
  const witness = loaded.programs.get('witness_connect4')
  if (witness === undefined) throw new Error('the object witness has another content')
  const link = native().attachLink(witness.program, { path: cgroup }, witness.attachType)
  place.undo.push('neighbour', () => {
    link.close()
    loaded.close()
  })
  return witness.program.id
}

const about = (problems: readonly KernelProblem[], name: string) => problems.filter((problem) => problem.about === name)

testAtPlace('a program of somebody else is reported by name and hook', async (t, place) => {
  const dataplane = place.open()
  dataplane.activate()
  t.same(about(dataplane.problems(), 'connect4'), [], 'our own are no strangers')
  const id = attachNeighbour(place, place.cgroup)
  const message = RegExp(`^program witness_connect \\(id ${id}\\) of somebody else is on this hook too: it may change `)
  t.match(about(dataplane.problems(), 'connect4'), [{ severity: 'warning', about: 'connect4', message }])
})

testAtPlace('a program above our cgroup is reported too', async (t, place) => {
  const below = makeLabCgroup(place.undo, 'below', place.cgroup)
  const dataplane = place.open({ cgroupPath: below })
  attachNeighbour(place, place.cgroup)
  dataplane.activate()
  t.match(about(dataplane.problems(), 'connect4'), [{ message: /witness_connect/ }])
})

for (const order of ['first', 'last', 'before', 'after'] as const) {
  testAtPlace(`we come ${order}, or it is reported that the kernel has no order`, async (t, place) => {
    const neighbour = attachNeighbour(place, place.cgroup)
    const wish: LinkOrder =
      order === 'first' || order === 'last' ? { place: order } : { place: order, relativeTo: neighbour }
    const dataplane = place.open({ order: wish })
    t.equal(dataplane.activate().is, 'passed')
    const ours = dataplane.programs().find(({ hook }) => hook === 'connect4')?.id
    const here = native().queryPrograms({ path: place.cgroup }, CONNECT4)
    const [stranger] = about(dataplane.problems(), 'connect4')
    if (stranger?.message.endsWith('this kernel has no order among programs (6.17 has)')) {
      t.same(here, [neighbour, ours])
    } else {
      t.same(here, order === 'first' || order === 'before' ? [ours, neighbour] : [neighbour, ours])
    }
  })
}

testAtPlace(
  'a program that the kernel does not take is one line, and the whole log for who wants it',
  async (t, place) => {
    const request = { directory: TEST_OBJECTS, objects: { broken: {} }, reuse: new Map(), sizes: new Map() }
    t.throws(() => loadObjects(request, place.log), {
      name: 'KernelError',
      code: 'load',
      message: /^the kernel does not take the program unchecked_connect4: [^\n]+$/,
    })
    t.match(place.lines, [/^debug [\s\S]*invalid mem access/])
    const absent = { ...request, objects: { none: {} } }
    t.throws(() => loadObjects(absent, place.log), { message: /none\.bpf\.o/ })
  },
)
