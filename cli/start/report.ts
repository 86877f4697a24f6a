/** What the demo has seen, and whether it is what it should be. */
import { chiSquaredP, quantile } from '../../lab/statistics.ts'
import type { Measured } from './client.ts'

export interface Seen {
  /** through the service */
  readonly mesh: Measured
  /** straight to the pods, the client spreading its requests itself */
  readonly direct: Measured
  /** connections by lane, of the mesh run */
  readonly lanes: Readonly<Record<string, number>>
  /** percent that the rules ask for, by version */
  readonly shares: ReadonlyMap<string, number>
}

/** A true split is rejected by chance once in so many runs. */
const SIGNIFICANCE = 0.0001

export interface Verdict {
  readonly ok: boolean
  /** what is not as it should be, a line each */
  readonly complaints: readonly string[]
}

export const requestsOf = (measured: Measured): number =>
  Object.values(measured.versions).reduce((sum, count) => sum + count, 0) + measured.failed

export function judge({ mesh, direct, lanes, shares }: Seen): Verdict {
  const versions = [...shares.keys()]
  const counts = versions.map((version) => mesh.versions[version] ?? 0)
  const strangers = Object.keys(mesh.versions).filter((version) => !shares.has(version))
  const p = chiSquaredP(counts, [...shares.values()])
  const requests = requestsOf(mesh)
  const complaints = [
    ...(mesh.failed > 0 ? [`${mesh.failed} of ${requests} requests failed: ${mesh.error}`] : []),
    ...(direct.failed > 0 ? [`${direct.failed} requests without the mesh failed: ${direct.error}`] : []),
    ...(strangers.length > 0 ? [`somebody else answered: ${strangers.join(', ')}`] : []),
    ...(p < SIGNIFICANCE
      ? [`the split ${counts.join(' : ')} is not ${[...shares.values()].join(' : ')} (p = ${p})`]
      : []),
    ...((lanes['connect'] ?? 0) < requests
      ? [`the kernel routed ${lanes['connect'] ?? 0} of ${requests} connections`]
      : []),
  ]
  return { ok: complaints.length === 0, complaints }
}

export function reportLines({ mesh, direct, lanes, shares }: Seen): string[] {
  const total = requestsOf(mesh)
  const whole = [...shares.values()].reduce((sum, share) => sum + share, 0)
  const time = (measured: Measured, share: number): string => `${Math.round(quantile(measured.latenciesUs, share))} us`
  const row = (...cells: string[]): string =>
    cells.map((cell, i) => (i === 0 ? cell.padEnd(16) : cell.padStart(11))).join(' ')
  const directTotal = requestsOf(direct)
  const shown = Object.entries(lanes).filter(([, count]) => count > 0)
  return [
    row('', 'requests', 'share', 'wanted', 'without mesh'),
    ...[...shares].map(([version, share]) =>
      row(
        `reviews ${version}`,
        String(mesh.versions[version] ?? 0),
        percent(mesh.versions[version] ?? 0, total),
        percent(share, whole),
        percent(direct.versions[version] ?? 0, directTotal),
      ),
    ),
    row('failed', String(mesh.failed), '', '', String(direct.failed)),
    row('latency p50', time(mesh, 0.5), '', '', time(direct, 0.5)),
    row('latency p99', time(mesh, 0.99), '', '', time(direct, 0.99)),
    `lanes: ${shown.map(([lane, count]) => `${lane} ${count}`).join(', ')}`,
  ]
}

function percent(part: number, whole: number): string {
  return whole === 0 ? '-' : `${((100 * part) / whole).toFixed(1)} %`
}

export function reportJson(seen: Seen, { ok }: Verdict): string {
  const { mesh, lanes } = seen
  return JSON.stringify({ ok, versions: mesh.versions, lanes, requests: requestsOf(mesh), failed: mesh.failed })
}
