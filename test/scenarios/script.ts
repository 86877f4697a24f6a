/**
 * A scenario as text: steps, what is expected after them, and the YAML files that they push.
 *
 *     node NAME [zone ZONE]      where we are
 *     push FILE...               the folder now holds exactly these files (NAME=FILE: FILE's text under another name)
 *     expect [TABLE...]          lines of the dump, of all tables or of these
 *     expect problems            lines `severity resource field: message`
 *     expect writes N            entries written and deleted by the last push, old sets of endpoints included
 *
 * Expected lines end at the first empty line. Files follow the steps, each under `-- NAME.yaml --`.
 */

export type Step =
  | { readonly is: 'node'; readonly name: string; readonly zone: string }
  | { readonly is: 'push'; readonly files: ReadonlyMap<string, string> }
  | Expectation

export type Expectation =
  | { readonly is: 'dump'; readonly tables: readonly string[]; readonly lines: readonly string[] }
  | { readonly is: 'problems'; readonly lines: readonly string[] }
  | { readonly is: 'writes'; readonly lines: readonly string[] }

export interface Scenario {
  /** what it shows: its first comment */
  readonly about: string
  readonly parts: readonly Part[]
  /** the files as they are written */
  readonly archive: string
}

/** Lines of the script that stand together; those without a step are comments and empty lines. */
interface Part {
  readonly line: string
  readonly step?: Step
}

/** @throws Error with the line that makes no sense */
export function parseScenario(text: string): Scenario {
  const begin = text.search(/^-- \S+\.yaml --$/m)
  const archive = begin < 0 ? '' : text.slice(begin)
  const files = filesOf(archive)
  const lines = (begin < 0 ? text : text.slice(0, begin)).trimEnd().split('\n')
  const parts: Part[] = []
  for (let at = 0; at < lines.length; ) {
    const line = lines[at++] ?? ''
    const [verb = '', ...words] = line.split(/\s+/)
    if (line.trim() === '' || line.startsWith('#')) parts.push({ line })
    else if (verb === 'node' && words[0] !== undefined) {
      parts.push({ line, step: { is: 'node', name: words[0], zone: words[1] === 'zone' ? (words[2] ?? '') : '' } })
    } else if (verb === 'push') parts.push({ line, step: { is: 'push', files: pick(files, words, line) } })
    else if (verb === 'expect' && words[0] === 'writes') {
      parts.push({ line: 'expect writes', step: { is: 'writes', lines: words.slice(1) } })
    } else if (verb === 'expect') {
      const from = at
      while (at < lines.length && lines[at]?.trim() !== '') at++
      const expected = lines.slice(from, at)
      const is = words[0] === 'problems'
      parts.push({
        line,
        step: is ? { is: 'problems', lines: expected } : { is: 'dump', tables: words, lines: expected },
      })
    } else throw new Error(`no such step: ${line}`)
  }
  return { about: lines[0]?.replace(/^#\s*/, '') ?? '', parts, archive }
}

/** @param found what each expectation should have been */
export function formatScenario({ parts, archive }: Scenario, found: ReadonlyMap<Step, readonly string[]>): string {
  const lines = parts.flatMap(({ line, step }) => {
    if (step === undefined || !('lines' in step)) return [line]
    const now = found.get(step) ?? step.lines
    return step.is === 'writes' ? [`${line} ${now.join('')}`] : [line, ...now]
  })
  return `${lines.join('\n').trimEnd()}\n\n${archive}`
}

function filesOf(archive: string): ReadonlyMap<string, string> {
  const pieces = archive.split(/^-- (\S+)\.yaml --\n/m).slice(1)
  const files = new Map<string, string>()
  for (let i = 0; i + 1 < pieces.length; i += 2) files.set(pieces[i] ?? '', pieces[i + 1] ?? '')
  return files
}

function pick(files: ReadonlyMap<string, string>, words: readonly string[], line: string): Map<string, string> {
  return new Map(
    words.map((word) => {
      const [name = '', file = name] = word.split('=')
      const text = files.get(file)
      if (text === undefined) throw new Error(`${line}: there is no file ${file}.yaml`)
      return [name, text]
    }),
  )
}
