/**
 * `npm run bench -- NAME [--json] [--rounds N]`: measures, keeps the raw figures in bench/results, and closes with one
 * line of JSON: {"bench":NAME,"ratios":{...},"noisy":bool}.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { cpus, release } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { PROJECT } from '../lab/daemon.ts'
import { UndoStack } from '../lab/undo.ts'
import { connect } from './connect.ts'
import type { Measured } from './rounds.ts'
import { samenode } from './samenode.ts'

export interface BenchOptions {
  readonly rounds: number
  readonly progress: (line: string) => void
}

export interface Result extends Measured {
  /** every figure, its unit in its name; without one: a ratio */
  readonly ratios: Readonly<Record<string, number>>
}

export interface Bench {
  readonly summary: string
  run(undo: UndoStack, options: BenchOptions): Promise<Result>
}

const BENCHES: Readonly<Record<string, Bench>> = { connect, samenode }

/** A noisy machine gets this many chances. */
const TRIES = 3
const ROUNDS = 9

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { json: { type: 'boolean' }, rounds: { type: 'string' }, help: { type: 'boolean' } },
  })
  const [name = ''] = positionals
  const bench = BENCHES[name]
  const rounds = Number(values.rounds ?? ROUNDS)
  if (bench === undefined || values.help || !Number.isInteger(rounds) || rounds < 1) {
    const list = Object.entries(BENCHES).map(([known, { summary }]) => `  ${known.padEnd(10)} ${summary}\n`)
    process.stderr.write(`usage: npm run bench -- NAME [--json] [--rounds N]\n${list.join('')}`)
    return values.help ? 0 : 2
  }
  if (process.getuid?.() !== 0) {
    process.stderr.write('bench: needs root: it loads BPF programs and makes network namespaces\n')
    return 1
  }
  // With --json only the last line is for stdout.
  const progress = (line: string): void => void (values.json ? process.stderr : process.stdout).write(`${line}\n`)
  let result: Result | undefined
  for (let attempt = 1; attempt <= TRIES && result?.noisy !== false; attempt++) {
    if (result !== undefined) progress('the machine was busy with other things: once more')
    result = await runOnce(bench, { rounds, progress })
  }
  if (result === undefined) return 1
  for (const [figure, value] of Object.entries(result.ratios)) progress(`${figure.padEnd(24)} ${value.toFixed(3)}`)
  save(name, result)
  process.stdout.write(`${JSON.stringify({ bench: name, ratios: result.ratios, noisy: result.noisy })}\n`)
  return 0
}

async function runOnce(bench: Bench, options: BenchOptions): Promise<Result> {
  const undo = new UndoStack()
  const interrupted = (): void => void undo.run().then(() => process.exit(130))
  process.once('SIGINT', interrupted)
  process.once('SIGTERM', interrupted)
  try {
    return await bench.run(undo, options)
  } finally {
    for (const line of await undo.run()) process.stderr.write(`bench: could not remove ${line}\n`)
    process.off('SIGINT', interrupted)
    process.off('SIGTERM', interrupted)
  }
}

function save(name: string, { ratios, noisy, rounds }: Result): void {
  const folder = join(PROJECT, 'bench', 'results')
  mkdirSync(folder, { recursive: true })
  const machine = { kernel: release(), cpus: cpus().length, model: cpus()[0]?.model ?? '', node: process.version }
  const content = { bench: name, at: new Date().toISOString(), machine, ratios, noisy, rounds }
  writeFileSync(join(folder, `${name}.json`), `${JSON.stringify(content, null, 1)}\n`)
}

process.exitCode = await main()
