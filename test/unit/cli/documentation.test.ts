/** docs/cli.md knows every command, every option and every field. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { program } from '../../../cli/program.ts'

const ROOT = join(import.meta.dirname, '..', '..', '..', '..')
const GOLDEN = join(ROOT, 'test', 'unit', 'cli', 'golden')
const text = readFileSync(join(ROOT, 'docs', 'cli.md'), 'utf8')

t.test('every command has its section, with its options', async (t) => {
  const sections = new Map(
    text.split(/^### /m).map((section) => [/^`kmeshctl (\w+)/.exec(section)?.[1] ?? '', section] as const),
  )
  const common = new Set(['--output', '--socket'])
  for (const command of program().commands) {
    const section = sections.get(command.name())
    t.ok(section !== undefined, command.name())
    for (const { long } of command.options) {
      if (long && !common.has(long)) t.ok(section?.includes(long), `${command.name()} ${long}`)
    }
  }
  t.equal(sections.size - 1, program().commands.length, 'and no other command')
})

t.test('every command teaches by examples', async (t) => {
  for (const command of program().commands) {
    let help = ''
    command.configureOutput({ writeOut: (part) => (help += part) }).outputHelp()
    t.match(help, /\nExamples:\n {2}(source <\()?kmeshctl /, command.name())
  }
})

function keysOf(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(keysOf)
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, below]) => [key, ...keysOf(below)])
}

t.test('every field of the JSON that kmeshctl printed is described', async (t) => {
  const keys = new Set<string>()
  for (const file of readdirSync(GOLDEN)) {
    const printed = readFileSync(join(GOLDEN, file), 'utf8').matchAll(/^(\{\n[\s\S]*?\n\})$/gm)
    for (const [json] of printed) for (const key of keysOf(JSON.parse(json))) keys.add(key)
  }
  t.ok(keys.size > 40, `${keys.size} fields`)
  for (const key of keys) t.match(text, new RegExp(`\\b${key}\\b`), key)
})
