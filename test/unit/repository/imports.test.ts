/** One direction: sources -> model -> compiler -> reconcile -> kernel. This table is the rule. */
import { dirname, join } from 'node:path/posix'
import t from 'tap'
import { files, read } from './tree.ts'

interface Rule {
  /** What this one may import, besides what is inside it. */
  readonly may: readonly string[]
  /** Of which it may import types only. */
  readonly types?: readonly string[]
  /** No node: modules, no packages, no clock, no randomness. */
  readonly pure?: true
}

const OFFLINE = ['abi', 'compiler', 'kernel', 'members', 'model'].map((name) => `controller/${name}`)

/** By folder or file, the longest that fits. `controller` itself is main, the daemon and their settings. */
const RULES: Readonly<Record<string, Rule>> = {
  'controller/model': { may: [], pure: true },
  'controller/abi': { may: [], pure: true },
  'controller/compiler': { may: ['controller/model', 'controller/abi'], pure: true },
  'controller/reconcile': { may: ['controller/abi'], types: ['controller/compiler', 'controller/model'], pure: true },
  'controller/sources': { may: ['controller/model'] },
  'controller/kernel': { may: ['controller/abi', 'controller/reconcile', 'native'] },
  'controller/members': { may: ['controller/abi', 'controller/model', 'controller/kernel'] },
  'controller/telemetry': { may: ['controller/abi', 'controller/model'] },
  'controller/dns': { may: ['controller/model', 'native'] },
  'controller/admin': { may: ['controller/model', 'controller/telemetry'] },
  // The words that kmeshctl and the daemon exchange.
  'controller/admin/api.ts': { may: ['controller/model'], types: ['controller/telemetry'], pure: true },
  controller: { may: ['native'] },
  native: { may: [] },
  tools: { may: [] },
  lab: { may: ['native'] },
  cli: { may: ['cli/offline', 'controller', 'controller/abi', 'controller/admin/api.ts', 'controller/model'] },
  // Commands that need no daemon.
  'cli/offline': { may: ['cli', 'controller', 'controller/admin/api.ts', 'native', ...OFFLINE] },
  // `npm start`.
  'cli/start': { may: ['cli', 'controller', 'lab', 'native', ...OFFLINE] },
}

const IMPORT = /^(?:import|export)\s+(type\s+)?(?:[^'"]*?\sfrom\s+)?'([^']+)'|\bimport\('([^']+)'\)/gm
const IMPURE =
  /\b(Date\.now|new Date\b|Math\.random|performance\.|process\.|set(Timeout|Interval|Immediate)\b|crypto\.)/

function ruleOf(path: string): readonly [string, Rule] | undefined {
  for (let folder = path; folder !== '.'; folder = dirname(folder)) {
    const rule = RULES[folder]
    if (rule !== undefined) return [folder, rule]
  }
  return undefined
}

/** @returns what the file imports against the rules, one line each */
function violations(path: string, source: string): readonly string[] {
  const [folder, rule] = ruleOf(path) ?? [undefined, undefined]
  const found: string[] = []
  for (const [, type, from, dynamic] of source.matchAll(IMPORT)) {
    const target = from ?? dynamic ?? ''
    if (!target.startsWith('.')) {
      if (rule?.pure) found.push(`${path} imports ${target}: ${folder} is pure`)
      continue
    }
    if (!target.endsWith('.ts')) found.push(`${path} imports ${target}: a relative import ends in .ts`)
    if (rule === undefined) continue
    const to = ruleOf(join(dirname(path), target))?.[0] ?? dirname(target)
    if (rule.may.includes(to) || `${to}/`.startsWith(`${folder}/`)) continue
    if (!rule.types?.includes(to)) found.push(`${path} imports ${to}: not allowed for ${folder}`)
    else if (type === undefined) found.push(`${path} imports values of ${to}: ${folder} may import types only`)
  }
  const impure = rule?.pure ? IMPURE.exec(source) : null
  if (impure) found.push(`${path} uses ${impure[0]}: ${folder} is pure`)
  return found
}

t.test('the layers import in one direction', (t) => {
  const sources = files().filter((path) => path.endsWith('.ts'))
  t.ok(sources.length > 20, `${sources.length} files`)
  t.same(
    sources.flatMap((path) => violations(path, read(path))),
    [],
  )
  t.end()
})

t.test('every folder of the controller has its rule', (t) => {
  const folders = new Set(files('controller').map((path) => path.split('/').slice(0, 2).join('/')))
  t.same(
    [...folders].filter((folder) => !folder.endsWith('.ts') && !(folder in RULES)),
    [],
  )
  t.end()
})

t.test('what the rules forbid is found', (t) => {
  const cases: readonly (readonly [string, string, string])[] = [
    [
      'controller/compiler/x.ts',
      "import { readFileSync } from 'node:fs'",
      'imports node:fs: controller/compiler is pure',
    ],
    ['controller/model/x.ts', "import * as v from 'valibot'", 'imports valibot: controller/model is pure'],
    ['controller/abi/x.ts', "import '../model/mesh.ts'", 'imports controller/model: not allowed for controller/abi'],
    [
      'controller/dns/x.ts',
      "export { a } from '../kernel/x.ts'",
      'imports controller/kernel: not allowed for controller/dns',
    ],
    [
      'controller/kernel/x.ts',
      "await import('../compiler/x.ts')",
      'imports controller/compiler: not allowed for controller/kernel',
    ],
    [
      'controller/sources/files/x.ts',
      "import {\n  a,\n} from '../../dns/x.ts'",
      'imports controller/dns: not allowed for controller/sources',
    ],
    [
      'controller/sources/x.ts',
      "import { a } from '../daemon.ts'",
      'imports controller: not allowed for controller/sources',
    ],
    [
      'controller/reconcile/x.ts',
      "import { a } from '../compiler/x.ts'",
      'imports values of controller/compiler: controller/reconcile may import types only',
    ],
    ['controller/reconcile/x.ts', 'const now = Date.now()', 'uses Date.now: controller/reconcile is pure'],
    ['cli/x.ts', "import { a } from '../controller/kernel/x.ts'", 'imports controller/kernel: not allowed for cli'],
    [
      'test/unit/x.test.ts',
      "import { a } from '../../cli/x.js'",
      'imports ../../cli/x.js: a relative import ends in .ts',
    ],
  ]
  for (const [path, source, message] of cases) t.same(violations(path, source), [`${path} ${message}`])
  const fine: readonly (readonly [string, string])[] = [
    ['controller/reconcile/x.ts', "import type { Tables } from '../compiler/x.ts'"],
    ['controller/compiler/x.ts', "import { a } from './y.ts'\nimport { b } from '../model/z.ts'"],
    ['controller/daemon.ts', "import { a } from './kernel/y.ts'\nimport pino from 'pino'"],
    ['cli/offline/x.ts', "import { a } from '../../controller/kernel/y.ts'\nimport { b } from '../output.ts'"],
  ]
  for (const [path, source] of fine) t.same(violations(path, source), [])
  t.end()
})
