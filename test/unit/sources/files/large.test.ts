import t from 'tap'
import { load, reviewsOf, service, TextFolder } from './support.ts'

const REVIEWS = service('reviews', 'clusterIP: 10.96.0.20\nports: [{name: http, port: 9080}]')

function manyEndpoints(count: number): string {
  const endpoints = Array.from({ length: count }, (_, n) => {
    const address = `10.${n >> 16}.${(n >> 8) & 255}.${n & 255}`
    return `- addresses: ["${address}"]
  conditions: {ready: true}
  nodeName: node-${n % 100}
  targetRef: {kind: Pod, namespace: default, name: reviews-${n}}`
  })
  return `apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: s, namespace: default, labels: {kubernetes.io/service-name: reviews}}
addressType: IPv4
ports: [{name: http, port: 8080}]
endpoints:
${endpoints.join('\n')}`
}

t.test('100,000 endpoints in one file are all there', async (t) => {
  const started = performance.now()
  const loaded = load(REVIEWS, manyEndpoints(100_000))
  t.comment(`${Math.round(performance.now() - started)} ms`)
  t.same(loaded.problems, [])
  t.equal(reviewsOf(loaded).endpoints.length, 100_000)
})

t.test('faults at the far end of a large file are found by line', async (t) => {
  const text = manyEndpoints(20_000).replace('10.0.78.31', '10.0.78.310')
  const folder = new TextFolder()
  folder.write('a.yaml', text)
  const [problem] = folder.build().problems
  t.match(problem, { field: 'endpoints[19999].addresses[0]', place: { line: 7 + 19_999 * 4 } })
})

t.test('aliases cannot make much out of little', async (t) => {
  const list = (name: string, of: string): string => `x-${name}: &${name} [${Array(90).fill(of).join(', ')}]`
  const bomb = `${list('a', '{addresses: [10.0.0.1]}')}\n${list('b', '*a').replaceAll('*a', '*a')}`
  t.throws(() => load(`${bomb}\nx-c: [${Array(90).fill('*b').join(', ')}]`), /aliases exceeded/)
})
