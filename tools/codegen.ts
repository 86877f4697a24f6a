/**
 * Prints controller/abi/layouts.generated.ts from the BTF of build/bpf/abi.bpf.o.
 * With --check it only compares, and exits 1 where the committed file differs.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { elfSection, parseBtf } from './btf.ts'
import { layoutsOf } from './layouts.ts'
import { printLayouts } from './print-layouts.ts'

const OBJECT = 'build/bpf/abi.bpf.o'
const GENERATED = 'controller/abi/layouts.generated.ts'

export function generate(objectFile: string): string {
  return printLayouts(layoutsOf(parseBtf(elfSection(readFileSync(objectFile), '.BTF'))))
}

/** @returns the lines that differ, as in a diff; empty: none */
export function differences(committed: string, generated: string): readonly string[] {
  const [old, now] = [committed.split('\n'), generated.split('\n')]
  const first = now.findIndex((line, index) => line !== old[index])
  if (first === -1 && old.length === now.length) return []
  const start = first === -1 ? now.length : first
  let same = 0
  while (same < Math.min(old.length, now.length) - start && old.at(-1 - same) === now.at(-1 - same)) same++
  return [
    `@@ line ${start + 1} @@`,
    ...old.slice(start, old.length - same).map((line) => `-${line}`),
    ...now.slice(start, now.length - same).map((line) => `+${line}`),
  ]
}

function main(options: readonly string[]): number {
  const root = join(import.meta.dirname, '..', '..')
  const object = join(root, OBJECT)
  const file = join(root, GENERATED)
  if (!existsSync(object)) {
    console.error(`${OBJECT} is missing: run "npm run build:native"`)
    return 1
  }
  const committed = existsSync(file) ? readFileSync(file, 'utf8') : ''
  const generated = generate(object)
  const changes = differences(committed, generated)
  if (changes.length === 0) return 0
  if (options.includes('--check')) {
    console.error(`${GENERATED} is not what bpf/include gives; run "npm run gen" and commit it:`)
    for (const line of changes) console.error(line)
    return 1
  }
  writeFileSync(file, generated)
  console.log(`${GENERATED}: ${changes.length - 1} lines changed`)
  return 0
}

if (process.argv[1] === import.meta.filename) process.exitCode = main(process.argv.slice(2))
