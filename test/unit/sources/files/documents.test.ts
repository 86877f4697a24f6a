import t from 'tap'
import { istio, load, service, TextFolder } from './support.ts'

const GOOD = service('reviews', 'clusterIP: 10.96.0.20\nports: [{name: http, port: 9080}]')

t.test('kinds that have nothing to do with a mesh are passed over in silence', async (t) => {
  const kinds = [
    'apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}',
    'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {x: y}',
    'apiVersion: v1\nkind: Namespace\nmetadata: {name: a}',
    'apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: {name: a}',
  ]
  t.same(load(...kinds).problems, [])
})

t.test('other kinds are reported once for each kind and file', async (t) => {
  const gateway = istio('Gateway', 'g', 'servers: []')
  const filter = istio('EnvoyFilter', 'f', 'configPatches: []')
  t.same(load(gateway, gateway, filter, GOOD).problems, [
    'warning: Gateway (networking.istio.io/v1) is not honoured (2 of them in this file)',
    'warning: EnvoyFilter (networking.istio.io/v1) is not honoured',
  ])
})

const REFUSED: Readonly<Record<string, [text: string, problem: string]>> = {
  'a document that is no mapping': ['just text', 'error: is the string "just text", must be a mapping'],
  'a document without a kind': ['apiVersion: v1\nmetadata: {name: a}', 'error kind: is missing'],
  'a version that is not read': [
    'apiVersion: discovery.k8s.io/v1beta1\nkind: EndpointSlice\nmetadata: {name: a}',
    'error EndpointSlice apiVersion: discovery.k8s.io/v1beta1 of EndpointSlice is not read: write v1',
  ],
  'a resource without a name': ['apiVersion: v1\nkind: Service\nspec: {}', 'error Service metadata: is missing'],
  'a name that is too long': [
    `apiVersion: v1\nkind: Service\nmetadata: {name: ${'a'.repeat(64)}}\nspec: {}`,
    `error Service metadata.name: "${'a'.repeat(64)}" has 64 characters, 63 are allowed`,
  ],
  'a name with a capital': [
    'apiVersion: v1\nkind: Service\nmetadata: {name: Reviews}\nspec: {}',
    'error Service metadata.name: "Reviews" is no DNS label: lower-case letters, digits and "-", at both ends no "-"',
  ],
}

for (const [behaviour, [text, problem]] of Object.entries(REFUSED)) {
  t.test(`refused: ${behaviour}`, async (t) => t.equal(load(text).problems[0], problem))
}

t.test('names at the limits are taken', async (t) => {
  const label = 'a'.repeat(63)
  const long = `${`${'b'.repeat(49)}.`.repeat(5)}abc`
  t.equal(long.length, 253)
  const text = `apiVersion: v1\nkind: Service\nmetadata: {name: ${label}, namespace: ${label}}\nspec: {clusterIP: 10.0.0.1}`
  const pod = `apiVersion: v1\nkind: Pod\nmetadata: {name: ${long}}\nstatus: {podIP: 10.0.0.2}`
  const { mesh, problems } = load(text, pod)
  t.same(problems, [])
  t.same([...mesh.services.keys()], [`${label}/${label}.${label}.svc.cluster.local`])
  t.same([...mesh.workloads.keys()], [`Kubernetes//Pod/default/${long}`])
})

t.test('items of a List are resources, those of a typed list take their kind from it', async (t) => {
  const list = `apiVersion: v1\nkind: List\nitems:\n- ${JSON.stringify({ apiVersion: 'v1', kind: 'Service', metadata: { name: 'a' }, spec: { clusterIP: '10.0.0.1' } })}`
  const typed = `apiVersion: v1\nkind: ServiceList\nitems:\n- ${JSON.stringify({ metadata: { name: 'b' }, spec: { clusterIP: '10.0.0.2' } })}`
  const { mesh, problems } = load(list, typed)
  t.same(problems, [])
  t.equal(mesh.services.size, 2)
})

t.test('a problem names the line of its field', async (t) => {
  const folder = new TextFolder()
  folder.write(
    'a.yaml',
    'apiVersion: v1\nkind: Service\nmetadata:\n  name: a\nspec:\n  ports:\n  - name: x\n    port: 70000\n',
  )
  const [problem] = folder.build().problems
  t.match(problem, {
    field: 'spec.ports[0].port',
    message: 'is 70000, must be 1 to 65535',
    place: { file: 'a.yaml', line: 8 },
  })
})

t.test('all faults of a resource are told, and of very many the first twenty', async (t) => {
  const ports = Array.from({ length: 30 }, (_, n) => `{name: p${n}, port: 0}`)
  const { problems } = load(service('a', `clusterIP: 10.0.0.1\nports: [${ports.join(', ')}]`))
  t.equal(problems.length, 21)
  t.equal(problems[20], 'error Service default/a: and 10 more faults')
})

t.test('a resource that became faulty keeps its last sound version while its file goes on', async (t) => {
  const folder = new TextFolder()
  const other = (port: number): string =>
    service('other', `clusterIP: 10.96.0.21\nports: [{name: http, port: ${port}}]`)
  folder.write('a.yaml', `${GOOD}\n---\n${other(80)}`)
  const before = folder.build().mesh
  folder.write('a.yaml', `${GOOD.replace('9080', '90800')}\n---\n${other(81)}`)
  const { mesh, problems } = folder.build()
  const reviews = 'default/reviews.default.svc.cluster.local'
  t.equal(mesh.services.get(reviews), before.services.get(reviews))
  t.same(mesh.services.get('default/other.default.svc.cluster.local')?.ports[0]?.port, 81)
  t.match(problems, [{ message: 'is 90800, must be 1 to 65535 (the version before stays in force)' }])
  folder.write('a.yaml', other(81))
  t.equal(folder.build().mesh.services.size, 1, 'until it is taken out')
})

t.test('of two resources of one name the first by file and line is in force, the other is reported', async (t) => {
  const folder = new TextFolder()
  folder.write('b.yaml', service('a', 'clusterIP: 10.0.0.2'))
  folder.write('a.yaml', service('a', 'clusterIP: 10.0.0.1'))
  const { mesh, problems } = folder.build()
  t.same(
    [...mesh.services.values()].map(({ addresses }) => addresses),
    [[{ scope: 'cluster', address: '10.0.0.1' }]],
  )
  t.match(problems, [
    {
      resource: 'Service default/a',
      message: 'stands in a.yaml:2 already: that one is used',
      place: { file: 'b.yaml' },
    },
  ])
  folder.remove('a.yaml')
  const after = folder.build()
  t.same(
    [...after.mesh.services.values()].map(({ addresses }) => addresses),
    [[{ scope: 'cluster', address: '10.0.0.2' }]],
  )
  t.same(after.problems, [])
})
