/** The Prometheus metrics of this node, and their text. */
import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import { SCRAPED, type Scraped, type Snapshot } from './scraped.ts'

export interface ReloadNumbers {
  readonly ok: boolean
  readonly durationMs: number
  /** map entries */
  readonly written: number
  readonly deleted: number
}

export interface MetricsText {
  readonly contentType: string
  readonly text: string
}

export class Metrics {
  readonly #registry = new Registry()
  readonly #read: () => Snapshot
  #snapshot: Snapshot | undefined
  #scrape: Promise<MetricsText> | undefined

  readonly #reloads = new Counter({
    name: 'kmesh_config_reloads_total',
    help: 'Configurations that were read',
    labelNames: ['result'],
    registers: [this.#registry],
  })
  readonly #changes = new Counter({
    name: 'kmesh_map_changes_total',
    help: 'Map entries that reloads wrote or deleted',
    labelNames: ['operation'],
    registers: [this.#registry],
  })
  readonly #latency = new Histogram({
    name: 'kmesh_config_reload_seconds',
    help: 'From reading the configuration to the last map entry',
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers: [this.#registry],
  })

  /** @param read what the kernel and the daemon count, now */
  constructor(read: () => Snapshot, build: { readonly version: string; readonly commit: string }) {
    this.#read = read
    for (const result of ['ok', 'failed']) this.#reloads.inc({ result }, 0)
    for (const operation of ['written', 'deleted']) this.#changes.inc({ operation }, 0)
    for (const metric of SCRAPED) this.#register(metric)
    const registers = [this.#registry]
    const labelNames = ['version', 'commit']
    new Gauge({ name: 'kmesh_build_info', help: 'Always 1', labelNames, registers }).set({ ...build }, 1)
    new Gauge({ name: 'process_start_time_seconds', help: 'When the daemon began, since 1970', registers }).set(
      Math.round(Date.now() / 1000 - process.uptime()),
    )
  }

  countReload({ ok, durationMs, written, deleted }: ReloadNumbers): void {
    this.#reloads.inc({ result: ok ? 'ok' : 'failed' })
    this.#changes.inc({ operation: 'written' }, written)
    this.#changes.inc({ operation: 'deleted' }, deleted)
    this.#latency.observe(durationMs / 1000)
  }

  /** Scrapes at the same time share one reading of the kernel. */
  text(): Promise<MetricsText> {
    this.#scrape ??= this.#readAll().finally(() => {
      this.#scrape = undefined
    })
    return this.#scrape
  }

  async #readAll(): Promise<MetricsText> {
    this.#snapshot = this.#read()
    return { contentType: this.#registry.contentType, text: await this.#registry.metrics() }
  }

  #register({ type, name, help, labels, read }: Scraped): void {
    const samples = () => (this.#snapshot === undefined ? [] : read(this.#snapshot))
    const config = { name, help, labelNames: [...labels], registers: [this.#registry] }
    if (type === 'counter') {
      new Counter({
        ...config,
        collect() {
          this.reset()
          for (const [sampleLabels, value] of samples()) this.inc(sampleLabels, Number(value))
        },
      })
    } else {
      new Gauge({
        ...config,
        collect() {
          this.reset()
          for (const [sampleLabels, value] of samples()) this.set(sampleLabels, Number(value))
        },
      })
    }
  }
}
