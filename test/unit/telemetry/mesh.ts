/** Names, traffic and events to test with. */
import { addressBytes } from '../../../controller/abi/address.ts'
import {
  type ConnectionEvent,
  type Traffic,
  type TrafficKey,
  Verdict,
} from '../../../controller/abi/layouts.generated.ts'
import type { Workload } from '../../../controller/model/workload.ts'
import type { Clock } from '../../../controller/telemetry/clock.ts'
import type { NamedService, Names } from '../../../controller/telemetry/names.ts'
import type { TrafficEntry } from '../../../controller/telemetry/traffic.ts'

export function workload(name: string, change: Partial<Workload> = {}): Workload {
  const app = name.split('-')[0] ?? name
  return {
    uid: `Kubernetes//Pod/default/${name}`,
    name,
    namespace: 'default',
    addresses: ['10.0.0.2'],
    serviceAccount: 'default',
    labels: { app, version: 'v1' },
    node: 'n1',
    locality: { region: '', zone: '', subzone: '' },
    canonicalName: app,
    canonicalRevision: 'v1',
    workloadType: 'deployment',
    workloadName: app,
    hostNetwork: false,
    ...change,
  }
}

export const SLEEP = 1n
export const REVIEWS = 2n
export const REVIEWS_SERVICE = 100n

/** Names that can come and go. */
export class Directory implements Names {
  readonly workloads = new Map<bigint, Workload>([
    [SLEEP, workload('sleep-1')],
    [REVIEWS, workload('reviews-1')],
  ])
  readonly services = new Map<bigint, NamedService>([
    [REVIEWS_SERVICE, { namespace: 'default', name: 'reviews', hostname: 'reviews.default.svc.cluster.local' }],
  ])
  readonly workload = (id: bigint) => this.workloads.get(id)
  readonly service = (id: bigint) => this.services.get(id)
}

export function traffic(value: Partial<Traffic>, key: Partial<TrafficKey> = {}): TrafficEntry {
  return {
    key: { source: SLEEP, destination: REVIEWS, service: REVIEWS_SERVICE, reporter: 0, protocol: 6, ...key },
    value: {
      opened: 0n,
      closed: 0n,
      failed: 0n,
      sentBytes: 0n,
      receivedBytes: 0n,
      retransmitted: 0n,
      lost: 0n,
      ...value,
    },
  }
}

export function address(text: string): Uint8Array {
  const bytes = addressBytes(text)
  if (bytes === undefined) throw new Error(text)
  return bytes
}

/** One second after the machine began, at 2026-01-02T03:04:05Z. */
export const CLOCK: Clock = { wallMs: () => Date.UTC(2026, 0, 2, 3, 4, 5), monotonicNs: () => 10_000_000_000n }

export function event(change: Partial<ConnectionEvent> = {}): ConnectionEvent {
  return {
    atNs: 9_000_000_000n,
    durationNs: 1_500_000n,
    service: REVIEWS_SERVICE,
    source: SLEEP,
    destination: REVIEWS,
    sentBytes: 100n,
    receivedBytes: 5_000_000_000n,
    local: address('10.0.0.1'),
    remote: address('10.0.0.2'),
    asked: { vip: address('10.96.0.10'), port: 9080, protocol: 6 },
    localPort: 40000,
    remotePort: 9080,
    srttUs: 120,
    minRttUs: 80,
    retransmitted: 1,
    lost: 2,
    verdict: Verdict.VERDICT_ROUTED,
    reporter: 0,
    protocol: 6,
    ...change,
  }
}
