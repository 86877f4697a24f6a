import { fileURLToPath } from 'node:url'
import t from 'tap'
import type { Mesh } from '../../../../controller/model/mesh.ts'
import type { Problem } from '../../../../controller/model/problem.ts'
import { openFileSource } from '../../../../controller/sources/files/open.ts'
import { serviceOf } from './support.ts'

/** The compiled test is in dist/. */
const EXAMPLES = fileURLToPath(new URL('../../../../../examples', import.meta.url))

t.test('the examples are honoured to the letter', async (t) => {
  const given: { mesh: Mesh; problems: readonly Problem[] }[] = []
  const source = openFileSource(EXAMPLES, {
    clusterDomain: 'cluster.local',
    onMesh: (mesh, problems) => given.push({ mesh, problems }),
  })
  t.teardown(() => source.close())
  await source.ready
  const [first] = given
  if (first === undefined) throw new Error('no mesh')
  t.same(first.problems, [])

  const facts = (name: string): unknown =>
    serviceOf(first.mesh, 'default', `${name}.default.svc.cluster.local`).endpoints.map((endpoint) => [
      endpoint.address,
      [...endpoint.ports.values()],
      endpoint.labels['version'],
    ])
  const both = [
    ['10.99.0.11', [9080], 'v1'],
    ['10.99.0.12', [9080], 'v2'],
  ]
  t.same(facts('reviews'), both)
  t.same(facts('echo'), both)
  t.match(first.mesh.routes, [
    {
      rules: [
        {
          destinations: [
            { subset: 'v1', weight: 80 },
            { subset: 'v2', weight: 20 },
          ],
        },
      ],
    },
  ])
  t.same([...(first.mesh.destinations[0]?.subsets.keys() ?? [])], ['v1', 'v2'])
})
