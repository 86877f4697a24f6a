/** The daemon, as a client on its unix socket sees it. */
import { type IncomingMessage, request } from 'node:http'
import { ExitStatus, Failure } from './failure.ts'

export const DEFAULT_SOCKET = '/run/kmesh/admin.sock'

/** How long the daemon may be silent. */
const SILENCE_MS = 30_000

export class NoDaemon extends Failure {
  constructor(message: string) {
    super(message, ExitStatus.noDaemon)
  }
}

export class Client {
  readonly socket: string

  constructor(socket: string) {
    this.socket = socket
  }

  /** @throws Failure with the daemon's own words where it says no; NoDaemon where nobody answers */
  async get<T>(path: string): Promise<T> {
    return JSON.parse(await readAll(await this.#ask('GET', path))) as T
  }

  async post<T>(path: string, body?: unknown): Promise<T> {
    return JSON.parse(await readAll(await this.#ask('POST', path, body))) as T
  }

  async delete<T>(path: string): Promise<T> {
    return JSON.parse(await readAll(await this.#ask('DELETE', path))) as T
  }

  /** For answers that may be long. */
  async getText(path: string): Promise<AsyncIterable<string>> {
    const response = await this.#ask('GET', path)
    response.setEncoding('utf8')
    return response
  }

  #ask(method: string, path: string, body?: unknown): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const content = body === undefined ? '' : JSON.stringify(body)
      const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(content) }
      const asked = request({ socketPath: this.socket, method, path, headers, agent: false }, (response) => {
        if ((response.statusCode ?? 0) < 300) resolve(response)
        else readAll(response).then((text) => reject(refusalOf(text, response.statusCode)), reject)
      })
      asked.setTimeout(SILENCE_MS, () => asked.destroy(new Failure(`the daemon at ${this.socket} does not answer`)))
      asked.on('error', (error: NodeJS.ErrnoException) => reject(this.#noAnswer(error)))
      asked.end(content)
    })
  }

  #noAnswer(error: NodeJS.ErrnoException): Error {
    switch (error.code) {
      case 'ENOENT':
      case 'ECONNREFUSED':
      case 'ENOTSOCK':
        return new NoDaemon(`no daemon at ${this.socket}: is kmeshd running?`)
      case 'EACCES':
      case 'EPERM':
        return new NoDaemon(`no permission for ${this.socket}: run kmeshctl as root`)
      case 'ECONNRESET':
      case 'EPIPE':
        return new NoDaemon(`the daemon at ${this.socket} went away`)
      default:
        return error
    }
  }
}

async function readAll(response: IncomingMessage): Promise<string> {
  response.setEncoding('utf8')
  let text = ''
  for await (const chunk of response as AsyncIterable<string>) text += chunk
  return text
}

/** The daemon says why as JSON, and in plain words where not even the path was known. */
function refusalOf(text: string, status = 0): Failure {
  try {
    const { error } = JSON.parse(text) as { error: { message: string } }
    return new Failure(error.message)
  } catch {
    return new Failure(`the daemon answered ${status}: ${text.trim()}`)
  }
}
