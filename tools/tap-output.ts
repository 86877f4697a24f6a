/** Reads what a test file prints (TAP 14, as node-tap writes it): counts, names of skips, failures with their reason. */

export interface Outcome {
  readonly passed: number
  readonly failed: number
  /** `subtest > name (reason)` */
  readonly skipped: readonly string[]
  readonly failures: readonly Failure[]
}

export interface Failure {
  /** `subtest > name` */
  readonly name: string
  readonly details: readonly string[]
}

const TOTALS = /^# \{ total: \d+, pass: (\d+)(?:, fail: (\d+))?/
const SUBTEST = /^( *)# Subtest: (.*)$/
const POINT = /^( *)(not )?ok \d+(?: - (.*?))?(?: # ([A-Z]{4}) ?(.*?)| # time=\S+)?(?: \{)?$/
const COMMENT = /^ +# (?!Subtest: )(.*)$/
const NOTHING = /^1\.\.0 # (.*)$/

/** @returns undefined: the file ended before its last line, as after a crash */
export function readTap(text: string): Outcome | undefined {
  const skipped: string[] = []
  const failures: { name: string; details: string[] }[] = []
  const open: string[] = [] // names of the subtests around, by depth
  let comments: string[] = [] // of the outermost subtest, such as the seed of its random numbers
  let details: string[] | undefined // of the failure that the last line began
  let block: { readonly end: string; readonly details: string[] | undefined } | undefined
  let totals: RegExpExecArray | undefined

  for (const line of text.split('\n')) {
    if (block !== undefined) {
      if (line === block.end) block = undefined
      else block.details?.push(line.slice(block.end.length - 3))
      continue
    }
    if (/^ *---$/.test(line)) {
      block = { end: line.replace('---', '...'), details }
      continue
    }
    const subtest = SUBTEST.exec(line)
    const point = POINT.exec(line)
    if (subtest) {
      const [, indent = '', name = ''] = subtest
      if (indent === '') comments = []
      open.splice(indent.length / 4, open.length, name)
    } else if (point) {
      const [, indent = '', not, name = '', directive, reason = ''] = point
      const depth = indent.length / 4
      const closes = open.length > depth
      const path = [...open.slice(0, depth), name].join(' > ')
      open.length = depth
      if (directive !== undefined) skipped.push(reason === '' ? path : `${path} (${reason})`)
      details = not !== undefined && directive === undefined && !closes ? [...comments] : undefined
      if (details !== undefined) failures.push({ name: path, details })
    }
    const comment = COMMENT.exec(line)?.[1]
    if (comment !== undefined) comments.push(comment)
    const nothing = NOTHING.exec(line)
    if (nothing?.[1] !== undefined) skipped.push(nothing[1])
    totals = TOTALS.exec(line) ?? totals
  }
  if (totals === undefined) return undefined
  return {
    passed: Number(totals[1]),
    failed: Number(totals[2] ?? 0),
    skipped,
    failures: failures.map(({ name, details }) => ({ name, details: withoutSource(details) })),
  }
}

/** node-tap repeats the lines around the assertion, which the position says shorter. */
function withoutSource(details: readonly string[]): readonly string[] {
  let inSource = false
  return details.filter((line) => {
    if (/^\S/.test(line)) inSource = line.startsWith('source:')
    return !inSource
  })
}
