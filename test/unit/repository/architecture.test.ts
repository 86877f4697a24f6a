/** docs/architecture.md tells where things are: they must be there. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { projectRoot } from '../../../native/index.ts'
import { read } from './tree.ts'

t.test('every file that "Adding a load-balancing policy" names exists', async (t) => {
  const section = /^## Adding a load-balancing policy\n([\s\S]*?)(?=^## |$(?![\s\S]))/m.exec(
    read('docs/architecture.md'),
  )?.[1]
  const named = [...(section ?? '').matchAll(/`([\w./-]+\/[\w./-]*)`/g)].flatMap((match) => match[1] ?? [])
  t.ok(named.length >= 7, `${named.length} paths`)
  for (const path of named) t.ok(existsSync(join(projectRoot(), path)), path)
})

t.test('the links of README and docs lead somewhere', async (t) => {
  for (const page of ['README.md', 'docs/architecture.md']) {
    for (const [, target = ''] of read(page).matchAll(/\]\(([^)#:]+)(?:#[^)]*)?\)/g)) {
      t.ok(existsSync(join(projectRoot(), page, '..', target)), `${page}: ${target}`)
    }
  }
})
