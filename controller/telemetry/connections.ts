/** Open connections, as the kernel lists them and as people read them. */
import { hostText } from '../abi/address.ts'
import { type ConnectionRecord, Verdict, verdictNames } from '../abi/layouts.generated.ts'
import { protocolName } from '../abi/protocol.ts'
import { type Clock, wallTime } from './clock.ts'
import { type Names, serviceText, workloadText } from './names.ts'
import { verdictText } from './verdicts.ts'

export interface Connection {
  /** `TCP`, `UDP` */
  readonly protocol: string
  readonly direction: 'outbound' | 'inbound'
  readonly source: Peer
  readonly destination: Peer
  /** what the application asked for; null: the destination itself */
  readonly asked: string | null
  /** `namespace/name`; null: no service */
  readonly service: string | null
  /** how the endpoint was found: `routed`, `affinity`; `accepted` for inbound ones */
  readonly verdict: string
  /** TCP's name for it: `ESTABLISHED`, `SYN_SENT`, ... */
  readonly state: string
  readonly sentBytes: number
  readonly receivedBytes: number
  readonly startedAt: string
}

export interface Peer {
  /** `10.0.0.1:80`, `[fd00::1]:80` */
  readonly address: string
  /** `namespace/name`; null: not known to the mesh */
  readonly workload: string | null
}

/** @returns undefined: the record is none of ours */
export function connectionOf(record: ConnectionRecord, names: Names, clock: Clock): Connection | undefined {
  const { connection } = record
  if (verdictNames[connection.verdict] === undefined) return undefined
  const inbound = connection.verdict === Verdict.VERDICT_ACCEPTED
  const local = `${hostText(record.local)}:${record.localPort}`
  const remote = `${hostText(record.remote)}:${record.remotePort}`
  const asked = `${hostText(connection.asked.vip)}:${connection.asked.port}`
  const peer = (address: string, id: bigint): Peer => ({ address, workload: workloadText(names.workload(id)) })
  return {
    protocol: protocolName(connection.asked.protocol),
    direction: inbound ? 'inbound' : 'outbound',
    source: peer(inbound ? remote : local, connection.source),
    destination: peer(inbound ? local : remote, connection.destination),
    asked: asked === (inbound ? local : remote) ? null : asked,
    service: serviceText(names.service(connection.service)),
    verdict: verdictText(connection.verdict),
    state: TCP_STATES[record.state] ?? String(record.state),
    sentBytes: Number(record.sentBytes),
    receivedBytes: Number(record.receivedBytes),
    startedAt: wallTime(clock, connection.startedNs).toISOString(),
  }
}

/** As in the kernel's tcp_states.h. */
const TCP_STATES: Readonly<Record<number, string>> = {
  1: 'ESTABLISHED',
  2: 'SYN_SENT',
  3: 'SYN_RECV',
  4: 'FIN_WAIT1',
  5: 'FIN_WAIT2',
  6: 'TIME_WAIT',
  7: 'CLOSE',
  8: 'CLOSE_WAIT',
  9: 'LAST_ACK',
  10: 'LISTEN',
  11: 'CLOSING',
  12: 'NEW_SYN_RECV',
}
