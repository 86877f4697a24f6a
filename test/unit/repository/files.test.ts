/** What holds for each file of the repository. */
import { basename } from 'node:path'
import t from 'tap'
import { files, read } from './tree.ts'

const MAX_LINES = 400
const GENERATED = /\.generated\.ts$|^package-lock\.json$|^LICENSE/

const all = files()
const text = all.filter((path) => !/\.(png|gz|svg)$/.test(path))
const lines = (path: string) => read(path).replace(/\n$/, '').split('\n')

t.test(`no file has more than ${MAX_LINES} lines`, (t) => {
  const long = text.filter((path) => !GENERATED.test(path) && lines(path).length > MAX_LINES)
  t.same(long, [])
  t.end()
})

t.test('C and C++ begin with their licence', (t) => {
  for (const path of all.filter((path) => /\.(c|h|cc)$/.test(path))) {
    const licence = /^(test\/)?bpf/.test(path) ? 'GPL-2.0-only OR BSD-2-Clause' : 'Apache-2.0'
    t.match(lines(path)[0], `SPDX-License-Identifier: ${licence}`, path)
  }
  t.end()
})

t.test('the licences that the files name are here', (t) => {
  t.match(read('LICENSE'), 'Apache License')
  t.match(read('LICENSES/GPL-2.0-only.txt'), 'GNU GENERAL PUBLIC LICENSE')
  t.match(read('LICENSES/BSD-2-Clause.txt'), 'Redistributions in binary form')
  t.equal(JSON.parse(read('package.json')).license, 'Apache-2.0')
  t.end()
})

/** Lines that match, as `path:line: text`. */
function matches(paths: readonly string[], pattern: RegExp): readonly string[] {
  return paths.flatMap((path) =>
    lines(path).flatMap((line, index) => (pattern.test(line) ? [`${path}:${index + 1}: ${line.trim()}`] : [])),
  )
}

t.test('no file names a package registry or a folder of the machine that it was written on', (t) => {
  t.same(matches(text, /https?:\/\/[^\s/]*(registry|artifact|nexus|verdaccio|pkg\.dev)/i), [])
  t.same(matches(text, /"resolve[d]":|\/work\/(wt|main|shared)\b|\.\.\/share[d]\b/), [])
  t.end()
})

t.test('npm is set up so that the lock file stays free of registries', (t) => {
  t.same(lines('.npmrc'), [
    'omit-lockfile-registry-resolved=true',
    'fund=false',
    'audit=false',
    'update-notifier=false',
  ])
  t.end()
})

t.test('nothing is left to be done later', (t) => {
  t.same(matches(text, /\b(TO[D]O|FIX[M]E|X[X]X|HAC[K])\b/), [])
  t.end()
})

t.test('a file is named after what is in it', (t) => {
  const vague = /^(utils?|common|misc|helpers?|manager|handler|processor|data|info)\b/
  t.same(
    all.filter((path) => vague.test(basename(path))),
    [],
  )
  t.end()
})

t.test('every map of the data plane says who writes it and what a missing entry means', (t) => {
  for (const path of all.filter((path) => /^bpf\/.*\.[ch]$/.test(path))) {
    for (const [, comment = '', kind, name] of read(path).matchAll(
      /(\/\*(?:(?!\*\/)[\s\S])*\*\/\n)?struct \{\s*__uint\(type, BPF_MAP_TYPE_(\w+)\)[^}]*\} (\w+) SEC\("\.maps"\)/g,
    )) {
      t.match(comment, /\b(written|emptied|as long as)\b/i, `${path}: ${name}`)
      if (kind !== undefined && !/ARRAY|RINGBUF|STORAGE/.test(kind))
        t.match(comment, /\bmissing\b/i, `${path}: ${name}`)
    }
  }
  t.end()
})

t.test('namespaces are made by lab/netns.ts: ip netns leaves a mount, and ip -n fails in a chroot', (t) => {
  const sources = all.filter((path) => path.endsWith('.ts'))
  t.same(matches(sources, /'ip',( \[)? ?'(-n|-netns|netns)'/), [])
  t.end()
})
