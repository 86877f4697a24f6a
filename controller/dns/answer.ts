/** One DNS query to one response, or the word that somebody else must answer (RFC 1035, RFC 2308, RFC 3596, RFC 2782). */
import { isIPv6 } from 'node:net'
import packet from 'dns-packet'
import { lookupName, type NameLookup, type NameSpace } from './names.ts'

/** seconds; short, as endpoints of headless services come and go */
const TTL = 5

/** Without EDNS a UDP response may not be longer (RFC 1035, 4.2.1). */
const UDP_LIMIT = 512

const NXDOMAIN = 3

export type Answer =
  | { readonly is: 'response'; readonly bytes: Buffer }
  /** a CNAME to a name that is not ours: the caller asks for the target and appends what it gets */
  | { readonly is: 'alias'; readonly query: packet.Packet; readonly answers: packet.Answer[]; readonly target: string }
  | { readonly is: 'forward' }

type Transport = 'udp' | 'tcp'

/** @returns forward for everything that is not a plain question for a name of the mesh, malformed queries included */
export function answerQuery(space: NameSpace, bytes: Buffer, namespace: string, transport: Transport): Answer {
  const query = parseQuery(bytes)
  const question = query?.questions?.[0]
  if (query === undefined || question === undefined) return { is: 'forward' }

  const answers: packet.Answer[] = []
  let owner = question.name
  // An alias may lead to another name of the mesh; a chain longer than this is a loop.
  for (let hop = 0; hop < 8; hop++) {
    const found = lookupName(space, owner, namespace)
    if (found.is === 'foreign') return hop === 0 ? { is: 'forward' } : { is: 'alias', query, answers, target: owner }
    if (found.is === 'missing') return { is: 'response', bytes: respond(query, answers, NXDOMAIN, transport) }
    if (found.is === 'alias') {
      answers.push({ type: 'CNAME', name: owner, ttl: TTL, data: found.target })
      if (question.type === 'CNAME') break
      owner = found.target
      continue
    }
    answers.push(...records(found, owner, question.type))
    break
  }
  return { is: 'response', bytes: respond(query, answers, 0, transport) }
}

/** Appends what the member's own resolver said about the target of an alias. */
export function finishAlias(alias: Extract<Answer, { is: 'alias' }>, upstream: Buffer, transport: Transport): Buffer {
  const reply = packet.decode(upstream)
  return respond(alias.query, [...alias.answers, ...(reply.answers ?? [])], (reply.flags ?? 0) & 0xf, transport)
}

/** The question that `finishAlias` needs answered. */
export function aliasQuery(alias: Extract<Answer, { is: 'alias' }>, id: number): Buffer {
  const type = alias.query.questions?.[0]?.type ?? 'A'
  return packet.encode({
    type: 'query',
    id,
    flags: packet.RECURSION_DESIRED,
    questions: [{ type, class: 'IN', name: alias.target }],
  })
}

function parseQuery(bytes: Buffer): packet.Packet | undefined {
  try {
    const query = packet.decode(bytes)
    const plain = query.type === 'query' && ((query.flags ?? 0) & 0x7800) === 0 // opcode QUERY
    const question = query.questions?.[0]
    return plain && query.questions?.length === 1 && (question?.class ?? 'IN') === 'IN' ? query : undefined
  } catch {
    return undefined
  }
}

function records(
  found: Extract<NameLookup, { is: 'addresses' | 'ports' }>,
  name: string,
  type: packet.RecordType,
): packet.Answer[] {
  if (found.is === 'ports') {
    if (type !== 'SRV') return []
    return found.ports.map((data) => ({ type: 'SRV', name, ttl: TTL, data: { ...data, priority: 0, weight: 1 } }))
  }
  if (type !== 'A' && type !== 'AAAA') return []
  return found.addresses
    .filter((address) => isIPv6(address) === (type === 'AAAA'))
    .map((data) => ({ type, name, ttl: TTL, data }))
}

/** The client's own limit by EDNS(0), if it sent one (RFC 6891). */
function udpLimit(query: packet.Packet): number {
  const option = query.additionals?.find((record) => record.type === 'OPT')
  return option === undefined
    ? UDP_LIMIT
    : Math.max(UDP_LIMIT, (option as { udpPayloadSize?: number }).udpPayloadSize ?? 0)
}

function respond(query: packet.Packet, answers: packet.Answer[], rcode: number, transport: Transport): Buffer {
  const response = (records: packet.Answer[], extraFlags: number): Buffer =>
    packet.encode({
      type: 'response',
      id: query.id ?? 0,
      flags:
        packet.AUTHORITATIVE_ANSWER |
        packet.RECURSION_AVAILABLE |
        ((query.flags ?? 0) & packet.RECURSION_DESIRED) |
        extraFlags |
        rcode,
      questions: query.questions ?? [],
      answers: records,
    })
  const whole = response(answers, 0)
  // Truncated: the resolver asks again by TCP.
  return transport === 'udp' && whole.length > udpLimit(query) ? response([], packet.TRUNCATED_RESPONSE) : whole
}
