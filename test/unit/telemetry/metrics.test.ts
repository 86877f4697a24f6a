/** The Prometheus text: what it says, and that docs/metrics.md says the same. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { Verdict } from '../../../controller/abi/layouts.generated.ts'
import { Metrics } from '../../../controller/telemetry/metrics.ts'
import type { Snapshot } from '../../../controller/telemetry/scraped.ts'
import { type TrafficEntry, TrafficTotals } from '../../../controller/telemetry/traffic.ts'
import type { VerdictName } from '../../../controller/telemetry/verdicts.ts'
import { Directory, REVIEWS, traffic, workload } from './mesh.ts'

const NO_VERDICTS = Object.fromEntries(
  Object.keys(Verdict).flatMap((name) => (name === 'VERDICT_MAX' ? [] : [[name, 0n]])),
) as Record<VerdictName, bigint>

function snapshot(change: Partial<Snapshot> = {}, entries: readonly TrafficEntry[] = []): Snapshot {
  return {
    traffic: new TrafficTotals().update(entries, new Directory(), 0),
    verdicts: NO_VERDICTS,
    maps: [
      { name: 'slots', entries: 12, maxEntries: 100, bytes: 4096 },
      { name: 'events', entries: undefined, maxEntries: 1_048_576, bytes: 1_052_672 },
    ],
    programs: [],
    problems: { errors: 1, warnings: 2 },
    ready: true,
    accessLog: { written: 5, backlog: 1, failed: 2, malformed: 3 },
    ...change,
  }
}

async function scrape(read: () => Snapshot, before?: (metrics: Metrics) => void): Promise<string[]> {
  const metrics = new Metrics(read, { version: 'v0.1.0', commit: 'abc' })
  before?.(metrics)
  const { contentType, text } = await metrics.text()
  t.match(contentType, 'text/plain; version=0.0.4')
  return text.split('\n')
}

t.test("Istio's standard metrics, and Kmesh's names", async (t) => {
  const entries = [traffic({ opened: 3n, closed: 2n, failed: 1n, sentBytes: 1n << 40n, receivedBytes: 7n, lost: 4n })]
  const lines = await scrape(() => snapshot({}, entries))
  const value = (name: string) =>
    lines.filter((line) => line.startsWith(`${name}{`)).map((line) => line.split(' ').at(-1))
  t.same(value('istio_tcp_connections_opened_total'), ['3'])
  t.same(value('istio_tcp_connections_closed_total'), ['2'])
  t.same(value('istio_tcp_sent_bytes_total'), ['1099511627776'])
  t.same(value('istio_tcp_received_bytes_total'), ['7'])
  t.same(value('kmesh_tcp_connections_failed_total'), ['1'])
  t.same(value('kmesh_tcp_workload_connections_opened_total'), ['3'])
  t.same(value('kmesh_tcp_packet_loss_total'), ['4'])
  const [line = ''] = lines.filter((candidate) => candidate.startsWith('istio_tcp_connections_opened_total{'))
  for (const label of ['source_workload="sleep"', 'destination_service_name="reviews"', 'response_flags="-"']) {
    t.ok(line.includes(label), label)
  }
})

t.test('verdicts, lanes, maps and the rest', async (t) => {
  const verdicts = { ...NO_VERDICTS, VERDICT_ROUTED: 10n, VERDICT_JOINED: 4n, VERDICT_EVENT_LOST: 9n }
  const programs = [
    { hook: 'connect4', runs: 2n, nanoseconds: 300n },
    { hook: 'connect6', runs: 0n, nanoseconds: 0n },
  ]
  const lines = await scrape(
    () => snapshot({ verdicts, programs }),
    (metrics) => {
      metrics.countReload({ ok: true, durationMs: 7, written: 5, deleted: 1 })
      metrics.countReload({ ok: false, durationMs: 1, written: 0, deleted: 0 })
    },
  )
  for (const line of [
    'kmesh_verdict_total{verdict="routed"} 10',
    'kmesh_verdict_total{verdict="no_endpoint"} 0',
    'kmesh_lane_total{lane="connect",reason="routed"} 10',
    'kmesh_lane_total{lane="socket",reason="joined"} 4',
    'kmesh_lane_total{lane="none",reason="bypassed"} 0',
    'kmesh_map_entries{map="slots"} 12',
    'kmesh_map_max_entries{map="slots"} 100',
    'kmesh_map_bytes{map="events"} 1052672',
    'kmesh_bpf_run_ns_total{program="connect4"} 300',
    'kmesh_bpf_runs_total{program="connect4"} 2',
    'kmesh_config_problems{severity="warning"} 2',
    'kmesh_config_reloads_total{result="ok"} 1',
    'kmesh_config_reloads_total{result="failed"} 1',
    'kmesh_map_changes_total{operation="written"} 5',
    'kmesh_config_reload_seconds_bucket{le="0.01"} 2',
    'kmesh_config_reload_seconds_count 2',
    'kmesh_ready 1',
    'kmesh_access_log_lines_total 5',
    'kmesh_access_log_lost_total{reason="ring_full"} 9',
    'kmesh_access_log_lost_total{reason="malformed"} 3',
    'kmesh_build_info{version="v0.1.0",commit="abc"} 1',
  ]) {
    t.ok(lines.includes(line), line)
  }
  t.notOk(
    lines.some((line) => line.startsWith('kmesh_map_entries{map="events"')),
    'a ring buffer has no entries',
  )
  t.notOk(
    lines.some((line) => line.includes('connect6')),
    'no statistics is not zero',
  )
})

t.test('each scrape reads anew, and scrapes at the same time share one reading', async (t) => {
  let reads = 0
  const totals = new TrafficTotals()
  const read = () => {
    reads++
    return snapshot({ traffic: totals.update([traffic({ opened: BigInt(reads) })], new Directory(), 0) })
  }
  const metrics = new Metrics(read, { version: 'v', commit: 'c' })
  const [one, two] = await Promise.all([metrics.text(), metrics.text()])
  t.equal(one, two)
  t.equal(reads, 1)
  t.match((await metrics.text()).text, /istio_tcp_connections_opened_total\{.*\} 2\n/)
})

t.test('a reading that fails fails this scrape only', async (t) => {
  let broken = true
  const metrics = new Metrics(
    () => {
      if (broken) throw new Error('no such map')
      return snapshot()
    },
    { version: 'v', commit: 'c' },
  )
  await t.rejects(metrics.text(), { message: 'no such map' })
  broken = false
  t.match((await metrics.text()).text, 'kmesh_ready 1')
})

t.test('hostile label values are escaped', async (t) => {
  const names = new Directory()
  names.workloads.set(REVIEWS, workload('x', { workloadName: 'a"}\n# TYPE evil\\' }))
  const grouped = new TrafficTotals().update([traffic({ opened: 1n })], names, 0)
  const lines = await scrape(() => snapshot({ traffic: grouped }))
  t.notOk(lines.some((line) => line.startsWith('# TYPE evil')))
  t.ok(lines.some((line) => line.includes('destination_workload="a\\"}\\n# TYPE evil\\\\"')))
})

interface Documented {
  readonly type: string
  readonly labels: readonly string[]
}

const ROOT = join(import.meta.dirname, '..', '..', '..', '..')

/** Rows `| name | type | labels | ...` of docs/metrics.md; `[set]` stands for a list of labels given there. */
function documented(): Map<string, Documented> {
  const text = readFileSync(join(ROOT, 'docs', 'metrics.md'), 'utf8')
  const cells = text.split('\n').map((line) => line.split('|').map((cell) => cell.trim()))
  const codes = (cell = '') => Array.from(cell.matchAll(/`([^`]+)`/g), ([, code]) => code ?? '')
  const sets = new Map(
    cells.filter(([, name]) => /^_[a-z]+_$/.test(name ?? '')).map(([, name, labels]) => [name, codes(labels)]),
  )
  const expand = (cell = '') => [
    ...(cell.match(/(?<![\w`])_[a-z]+_(?!\w)/g) ?? []).flatMap((set) => sets.get(set) ?? []),
    ...codes(cell),
  ]
  const rows = cells.filter(([, name]) => /^`\w+`$/.test(name ?? ''))
  return new Map(
    rows.map(([, name, type = '', labels]) => [codes(name)[0] ?? '', { type, labels: expand(labels).sort() }]),
  )
}

t.test('docs/metrics.md lists exactly the metrics that there are, with their labels', async (t) => {
  const programs = [{ hook: 'connect4', runs: 1n, nanoseconds: 1n }]
  const lines = await scrape(() => snapshot({ programs }, [traffic({ opened: 1n })]))
  const exposed = new Map<string, Documented>()
  for (const line of lines) {
    const [, , name, type] = /^# (TYPE) (\w+) (\w+)$/.exec(line)?.[0].split(' ') ?? []
    if (name !== undefined && type !== undefined) {
      const sample =
        lines.find((candidate) => candidate.replace(/_(bucket|sum|count)\b/, '').startsWith(`${name}{`)) ?? ''
      const labels = Array.from(sample.matchAll(/(\w+)="/g), ([, label]) => label ?? '').filter(
        (label) => label !== 'le',
      )
      exposed.set(name, { type, labels: labels.sort() })
    }
  }
  t.same(new Map([...documented()].sort()), new Map([...exposed].sort()))
})
