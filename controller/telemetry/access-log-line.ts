/** One line for each connection that ended or never came to be: as text in Kmesh's fields, or as JSON. */
import { hostText } from '../abi/address.ts'
import { type ConnectionEvent, type FrontendKey, Reporter, Verdict } from '../abi/layouts.generated.ts'
import { PROTOCOL_NUMBERS, protocolName } from '../abi/protocol.ts'
import { word } from '../model/text.ts'
import { type Clock, wallTime } from './clock.ts'
import type { Names } from './names.ts'
import { verdictText } from './verdicts.ts'

export type AccessLogFormat = 'text' | 'json'

/** In this order in both formats. Text shows what is not known as `-`, JSON as null. */
interface Entry {
  readonly time: string
  readonly 'src.addr': string | null
  readonly 'src.workload': string | null
  readonly 'src.namespace': string | null
  readonly 'dst.addr': string | null
  readonly 'dst.service': string | null
  readonly 'dst.workload': string | null
  readonly 'dst.namespace': string | null
  readonly start_time: string
  readonly direction: 'INBOUND' | 'OUTBOUND'
  /** of TCP, before the end */
  readonly state: string | null
  readonly sent_bytes: number
  readonly received_bytes: number
  readonly packet_loss: number
  readonly retransmissions: number
  readonly srtt_us: number
  readonly min_rtt_us: number
  readonly duration_ms: number
  readonly protocol: string
  /** the address that the application asked for */
  readonly asked: string | null
  readonly verdict: string
}

export function accessLogLine(format: AccessLogFormat, event: ConnectionEvent, names: Names, clock: Clock): string {
  const entry = entryOf(event, names, clock)
  return format === 'json' ? JSON.stringify(entry) : textOf(entry)
}

function entryOf(event: ConnectionEvent, names: Names, clock: Clock): Entry {
  const inbound = event.reporter === Reporter.REPORTER_DESTINATION
  const local = addressOf(event.local, event.localPort)
  const remote = addressOf(event.remote, event.remotePort)
  const [source, destination] = [names.workload(event.source), names.workload(event.destination)]
  return {
    time: wallTime(clock, event.atNs).toISOString(),
    'src.addr': inbound ? remote : local,
    'src.workload': source?.name ?? null,
    'src.namespace': source?.namespace ?? null,
    'dst.addr': inbound ? local : remote,
    'dst.service': names.service(event.service)?.hostname ?? null,
    'dst.workload': destination?.name ?? null,
    'dst.namespace': destination?.namespace ?? null,
    start_time: wallTime(clock, event.atNs - event.durationNs).toISOString(),
    direction: inbound ? 'INBOUND' : 'OUTBOUND',
    state: stateOf(event),
    sent_bytes: Number(event.sentBytes),
    received_bytes: Number(event.receivedBytes),
    packet_loss: event.lost,
    retransmissions: event.retransmitted,
    srtt_us: event.srttUs,
    min_rtt_us: event.minRttUs,
    duration_ms: Number(event.durationNs) / 1e6,
    protocol: protocolName(event.protocol),
    asked: askedOf(event.asked),
    verdict: verdictText(event.verdict),
  }
}

/** Units stand behind the numbers here, and in the names of the JSON's fields. */
function textOf({ time, srtt_us, min_rtt_us, duration_ms, protocol, asked, verdict, ...fields }: Entry): string {
  const shown = {
    ...fields,
    srtt: `${srtt_us}us`,
    min_rtt: `${min_rtt_us}us`,
    duration: `${duration_ms}ms`,
    protocol,
    asked,
    verdict,
  }
  const text = Object.entries(shown).map(([name, value]) => `${name}=${value === null ? '-' : word(String(value))}`)
  return `accesslog: ${time} ${text.join(', ')}`
}

/** null: it never had one */
function addressOf(address: Uint8Array, port: number): string | null {
  return port === 0 ? null : `${hostText(address)}:${port}`
}

function stateOf({ protocol, verdict }: ConnectionEvent): string | null {
  if (protocol !== PROTOCOL_NUMBERS.TCP) return null
  return verdict === Verdict.VERDICT_CONNECT_FAILED ? 'BPF_TCP_SYN_SENT' : 'BPF_TCP_CLOSE'
}

function askedOf({ vip, port }: FrontendKey): string | null {
  return addressOf(vip, port)
}
