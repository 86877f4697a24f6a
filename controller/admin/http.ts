/** Routes, bodies and answers over node:http: methods, limits and errors, and nothing about what is asked. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { Refusal, type RefusalReason } from './api.ts'

export interface Question {
  readonly query: URLSearchParams
  /** parsed JSON; undefined: there was none */
  readonly body: unknown
}

export interface Answer {
  readonly status: number
  readonly type: string
  readonly content: string | AsyncIterable<string>
  /** for 405: the methods that there are */
  readonly allow?: string
}

export interface Route {
  readonly method: 'GET' | 'POST' | 'DELETE'
  readonly path: string
  /** changes something of ours: only by the unix socket, whose file mode says who may */
  readonly privileged?: true
  readonly answer: (question: Question) => Promise<Answer>
}

export interface HttpSettings {
  readonly routes: readonly Route[]
  /** who may use `privileged` routes */
  readonly trusted: boolean
  /** @returns why not; undefined: let it pass */
  readonly guard?: (request: IncomingMessage) => string | undefined
  /** hears of faults that are nobody's request's */
  readonly onFault: (error: unknown) => void
}

const MAX_BODY = 64 * 1024
const MAX_CONNECTIONS = 64

const STATUS_OF: Readonly<Record<RefusalReason, number>> = {
  invalid: 400,
  'not-found': 404,
  conflict: 409,
  full: 507,
  'not-ready': 503,
}

export function json(value: unknown, status = 200): Answer {
  return { status, type: 'application/json', content: `${JSON.stringify(value)}\n` }
}

export function text(content: string | AsyncIterable<string>, status = 200): Answer {
  return { status, type: 'text/plain; charset=utf-8', content }
}

export function httpServer(settings: HttpSettings): Server {
  const server = createServer({ requestTimeout: 10_000, headersTimeout: 5_000 }, (request, response) => {
    answer(settings, request)
      .catch((error: unknown) => refused(error, settings.onFault))
      .then((result) => send(request, response, result))
      .catch(() => response.destroy()) // whoever asked is gone, or the answer broke off on the way
  })
  server.maxConnections = MAX_CONNECTIONS
  return server
}

async function answer(settings: HttpSettings, request: IncomingMessage): Promise<Answer> {
  const objection = settings.guard?.(request)
  if (objection !== undefined) return text(`${objection}\n`, 403)
  const url = URL.canParse(request.url ?? '', 'http://localhost')
    ? new URL(request.url ?? '', 'http://localhost')
    : null
  if (url === null) return text('bad address\n', 400)
  const here = settings.routes.filter(({ path }) => path === url.pathname)
  if (here.length === 0) return text(`nothing at ${url.pathname}\n`, 404)
  const route = here.find(({ method }) => method === (request.method === 'HEAD' ? 'GET' : request.method))
  if (route === undefined) {
    const allow = here.map(({ method }) => method).join(', ')
    return { ...text(`${url.pathname} takes ${allow}\n`, 405), allow }
  }
  if (route.privileged && !settings.trusted) return text(`${url.pathname} is open on the unix socket only\n`, 403)
  return route.answer({ query: url.searchParams, body: await readBody(request) })
}

async function readBody(request: IncomingMessage): Promise<unknown> {
  let size = 0
  const chunks: Buffer[] = []
  // Not destroyed where reading stops early: the refusal goes out on the same connection.
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > MAX_BODY) throw new TooLarge(`a body may have ${MAX_BODY} bytes`)
    chunks.push(chunk)
  }
  if (size === 0) return undefined
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'))
  } catch {
    throw new Refusal('invalid', 'the body is not JSON')
  }
}

class TooLarge extends Error {}

function refused(error: unknown, onFault: (error: unknown) => void): Answer {
  const message = error instanceof Error ? error.message : String(error)
  if (error instanceof TooLarge) return failure('invalid', message, 413)
  if (error instanceof Refusal) return failure(error.reason, message, STATUS_OF[error.reason])
  onFault(error)
  return failure('fault', message, 500)
}

function failure(reason: RefusalReason | 'fault', message: string, status: number): Answer {
  return json({ error: { reason, message } }, status)
}

async function send(
  request: IncomingMessage,
  response: ServerResponse,
  { status, type, content, allow }: Answer,
): Promise<void> {
  response.statusCode = status
  response.setHeader('content-type', type)
  if (allow !== undefined) response.setHeader('allow', allow)
  response.setHeader('cache-control', 'no-store')
  response.setHeader('x-content-type-options', 'nosniff')
  // What was not read of a refused body would be taken for the next request.
  if (!request.complete) response.setHeader('connection', 'close')
  if (typeof content === 'string') response.end(content)
  else await pipeline(Readable.from(content), response)
}
