/** What a request's body or query must look like. */
import * as v from 'valibot'
import {
  DUMP_SECTIONS,
  type DumpSection,
  type EnrollRequest,
  type LoggerLevel,
  type MemberTarget,
  type Monitoring,
  type NameTarget,
  Refusal,
} from './api.ts'

const path = v.pipe(v.string(), v.startsWith('/', 'not an absolute path'), v.maxLength(4096))
const pid = v.pipe(v.number(), v.integer(), v.minValue(1))
const name = v.pipe(v.string(), v.nonEmpty('empty'), v.maxLength(512))
const namespace = v.pipe(v.string(), v.regex(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/, 'not a namespace'))

const target = v.union(
  [v.strictObject({ pid }), v.strictObject({ cgroup: path }), v.strictObject({ netns: path })],
  'one of {pid: number}, {cgroup: path}, {netns: path}, the paths absolute',
)
const enroll = v.strictObject({
  target,
  name: v.optional(name),
  namespace: v.optional(namespace),
  workload: v.optional(name),
})
const bypass = v.strictObject({ target: v.union([target, v.strictObject({ name })], 'no target'), on: v.boolean() })
const logger = v.strictObject({ name, level: name })
const monitoring = v.strictObject({ monitoring: v.optional(v.boolean()), accessLog: v.optional(v.boolean()) })

export function enrollRequest(body: unknown): EnrollRequest {
  return read(enroll, body) as EnrollRequest
}

export function bypassRequest(body: unknown): { target: MemberTarget | NameTarget; on: boolean } {
  return read(bypass, body)
}

export function loggerRequest(body: unknown): LoggerLevel {
  return read(logger, body)
}

export function monitoringRequest(body: unknown): Partial<Monitoring> {
  return read(monitoring, body) as Partial<Monitoring>
}

/** `?pid=1`, `?cgroup=/path`, `?netns=/path` */
export function targetQuery(query: URLSearchParams): MemberTarget {
  const given = Object.fromEntries(query)
  return read(target, 'pid' in given ? { ...given, pid: Number(given['pid']) } : given)
}

export function sectionQuery(query: URLSearchParams): DumpSection {
  const asked = query.get('section') ?? 'all'
  const section = DUMP_SECTIONS.find((known) => known === asked)
  if (section === undefined) throw new Refusal('invalid', `section: none of ${DUMP_SECTIONS.join(', ')}`)
  return section
}

/** @returns `absent` where the query does not say */
export function numberQuery(query: URLSearchParams, field: string, absent: number): number {
  const given = query.get(field)
  if (given === null) return absent
  if (!/^\d{1,9}$/.test(given)) throw new Refusal('invalid', `${field}: not a number`)
  return Number(given)
}

/** Kmesh's way to switch: `?enable=true`. */
export function enableQuery(query: URLSearchParams): boolean {
  const enable = query.get('enable')
  if (enable !== 'true' && enable !== 'false') throw new Refusal('invalid', 'enable: neither true nor false')
  return enable === 'true'
}

function read<T>(schema: v.GenericSchema<unknown, T>, input: unknown): T {
  const result = v.safeParse(schema, input)
  if (result.success) return result.output
  const [issue] = result.issues
  const where = v.getDotPath(issue)
  throw new Refusal('invalid', where === null ? issue.message : `${where}: ${issue.message}`)
}
