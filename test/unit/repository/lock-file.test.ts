/** package-lock.json: complete for `npm ci` everywhere, and without the addresses of any registry. */
import t from 'tap'
import { read } from './tree.ts'

interface Locked {
  readonly version?: string
  readonly resolved?: string
  readonly optionalDependencies?: Readonly<Record<string, string>>
}

const { packages } = JSON.parse(read('package-lock.json')) as { packages: Readonly<Record<string, Locked>> }

t.test('packages for other platforms are locked too: npm ci refuses a lock file without them', async (t) => {
  for (const [path, { optionalDependencies = {} }] of Object.entries(packages)) {
    for (const name of Object.keys(optionalDependencies)) {
      const found = packages[`${path}/node_modules/${name}`] ?? packages[`node_modules/${name}`]
      t.ok(found?.version !== undefined, `${name}, of ${path}`)
    }
  }
})

t.test('no registry is named', async (t) => {
  t.same(
    Object.entries(packages).filter(([, { resolved }]) => resolved !== undefined),
    [],
  )
})
