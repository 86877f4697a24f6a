/** Counters by ids become totals by labels, and never go back. */
import t from 'tap'
import { TrafficTotals } from '../../../controller/telemetry/traffic.ts'
import { Directory, REVIEWS, REVIEWS_SERVICE, SLEEP, traffic, workload } from './mesh.ts'

t.test('an entry has the labels of Istio, by service and by pod', async (t) => {
  const { byService, byPod } = new TrafficTotals().update(
    [traffic({ opened: 3n, sentBytes: 1n << 33n })],
    new Directory(),
    0,
  )
  const common = {
    reporter: 'source',
    source_workload: 'sleep',
    source_workload_namespace: 'default',
    source_principal: 'unknown',
    source_app: 'sleep',
    source_version: 'v1',
    source_canonical_service: 'sleep',
    source_canonical_revision: 'v1',
    source_cluster: 'Kubernetes',
    destination_workload: 'reviews',
    destination_workload_namespace: 'default',
    destination_principal: 'unknown',
    destination_app: 'reviews',
    destination_version: 'v1',
    destination_canonical_service: 'reviews',
    destination_canonical_revision: 'v1',
    destination_cluster: 'Kubernetes',
    request_protocol: 'tcp',
    response_flags: '-',
    connection_security_policy: 'none',
  }
  t.same(byService[0]?.labels, {
    ...common,
    destination_service: 'reviews.default.svc.cluster.local',
    destination_service_name: 'reviews',
    destination_service_namespace: 'default',
  })
  t.same(byPod[0]?.labels, {
    ...common,
    destination_pod_address: '10.0.0.2',
    destination_pod_name: 'reviews-1',
    destination_pod_namespace: 'default',
  })
  t.match(byService[0]?.totals, { opened: 3n, sentBytes: 8589934592n }, 'more than 32 bits')
})

t.test('whoever is not known is "unknown", also without any label', async (t) => {
  const [series] = new TrafficTotals().update(
    [traffic({ opened: 1n }, { source: 0n, destination: 77n, service: 0n, reporter: 1 })],
    new Directory(),
    0,
  ).byService
  t.match(series?.labels, {
    reporter: 'destination',
    source_workload: 'unknown',
    destination_cluster: 'unknown',
    destination_service: 'unknown',
  })
})

t.test('pods of one workload are one series by service, and two by pod', async (t) => {
  const names = new Directory()
  names.workloads.set(3n, workload('reviews-2', { addresses: ['10.0.0.3'] }))
  const entries = [traffic({ opened: 1n }), traffic({ opened: 2n }, { destination: 3n })]
  const { byService, byPod } = new TrafficTotals().update(entries, names, 0)
  t.same(
    byService.map(({ totals }) => totals.opened),
    [3n],
  )
  t.same(
    byPod.map(({ totals }) => totals.opened),
    [1n, 2n],
  )
})

t.test('totals never go back', async (t) => {
  const names = new Directory()
  names.workloads.set(3n, workload('reviews-2'))
  const totals = new TrafficTotals()
  const opened = (...entries: ReturnType<typeof traffic>[]) =>
    totals.update(entries, names, 0).byService.map((series) => series.totals.opened)

  t.same(opened(traffic({ opened: 5n }), traffic({ opened: 7n }, { destination: 3n })), [12n])
  t.same(opened(traffic({ opened: 6n })), [13n], 'the entry of one pod is gone: what it counted stays')
  t.same(opened(traffic({ opened: 2n })), [15n], 'a counter that is smaller began anew')
  t.same(opened(), [], 'nobody stands behind the series any more')
})

t.test('whoever leaves the mesh is counted under the name that he had', async (t) => {
  const names = new Directory()
  const totals = new TrafficTotals()
  totals.update([traffic({ opened: 1n })], names, 0)
  names.workloads.delete(REVIEWS)
  names.services.delete(REVIEWS_SERVICE)
  const [series] = totals.update([traffic({ opened: 2n })], names, 0).byService
  t.match(series, {
    labels: { destination_workload: 'reviews', destination_service_name: 'reviews' },
    totals: { opened: 2n },
  })
})

t.test('a workload with other labels is another series from then on', async (t) => {
  const names = new Directory()
  const totals = new TrafficTotals()
  totals.update([traffic({ opened: 5n })], names, 0)
  names.workloads.set(REVIEWS, workload('reviews-1', { labels: { app: 'reviews', version: 'v2' } }))
  const series = totals.update([traffic({ opened: 6n })], names, 0).byService
  t.match(series, [{ labels: { destination_version: 'v2' }, totals: { opened: 1n } }])
})

t.test('what may be forgotten: nobody there, and nothing new for ten minutes', async (t) => {
  const names = new Directory()
  const totals = new TrafficTotals()
  const minutes = (n: number) => n * 60_000
  totals.update([traffic({ opened: 1n })], names, 0)
  t.same(totals.forgettable(names, minutes(60)), [], 'they are still there')
  names.workloads.delete(SLEEP)
  t.same(totals.forgettable(names, minutes(9)), [])
  totals.update([traffic({ opened: 2n })], names, minutes(9))
  t.same(totals.forgettable(names, minutes(18)), [], 'something was counted meanwhile')
  totals.update([traffic({ opened: 2n })], names, minutes(18))
  t.same(totals.forgettable(names, minutes(19)), [traffic({}).key])
})

t.test('entries that are none of these metrics are left out', async (t) => {
  const entries = [traffic({ failed: 1n }, { protocol: 17 }), traffic({ opened: 1n }, { reporter: 9 as 0 })]
  t.same(new TrafficTotals().update(entries, new Directory(), 0).byService, [])
})
