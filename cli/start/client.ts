/**
 * The client of the demo: one connection per request, some at a time.
 * Arguments: COUNT CONCURRENCY URL...; several URLs are taken in turn. Prints one line of JSON, see `Measured`.
 */
import { get } from 'node:http'

export interface Measured {
  /** requests by the version that answered */
  readonly versions: Readonly<Record<string, number>>
  readonly failed: number
  /** the first thing that went wrong; empty: nothing did */
  readonly error: string
  /** per request, in the order in which they ended */
  readonly latenciesUs: readonly number[]
}

const PATIENCE_MS = 5000

function request(url: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const call = get(url, { agent: false, timeout: PATIENCE_MS }, (response) => {
      response.resume().on('end', () => resolve(String(response.headers['x-version'])))
      response.on('error', reject)
    })
    call.on('timeout', () => call.destroy(new Error('timed out')))
    call.on('error', reject)
  })
}

async function measure(count: number, concurrency: number, urls: readonly string[]): Promise<Measured> {
  const versions: Record<string, number> = {}
  const latenciesUs: number[] = []
  let failed = 0
  let error = ''
  let next = 0
  const worker = async (): Promise<void> => {
    for (let i = next++; i < count; i = next++) {
      const started = process.hrtime.bigint()
      try {
        const version = await request(urls[i % urls.length] ?? '')
        versions[version] = (versions[version] ?? 0) + 1
        latenciesUs.push(Number(process.hrtime.bigint() - started) / 1000)
      } catch (cause) {
        failed++
        error ||= cause instanceof Error ? cause.message : String(cause)
      }
    }
  }
  await Promise.all(Array.from({ length: concurrency }, worker))
  return { versions, failed, error, latenciesUs }
}

const [count, concurrency, ...urls] = process.argv.slice(2)
process.stdout.write(`${JSON.stringify(await measure(Number(count), Number(concurrency), urls))}\n`)
