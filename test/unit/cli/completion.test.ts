/** The completion scripts: bash runs its own, the others must at least name everything. */
import { execFileSync } from 'node:child_process'
import t from 'tap'
import { scriptFor } from '../../../cli/completion.ts'
import { program } from '../../../cli/program.ts'

const bash = scriptFor('bash', program())

/** What bash offers for the last of these words. */
function complete(...words: readonly string[]): string[] {
  const script = `${bash}
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
_kmeshctl
printf '%s\\n' "\${COMPREPLY[@]}"`
  const out = execFileSync('bash', ['-c', script, 'bash', 'kmeshctl', ...words], { encoding: 'utf8' })
  return out.split('\n').filter((word) => word !== '')
}

t.test('bash completes commands, options, their values and words', async (t) => {
  t.same(complete('sta'), ['status'])
  t.ok(complete('').includes('explain'))
  t.same(complete('status', '--out'), ['--output'])
  t.same(complete('status', '-o', ''), ['table', 'json'])
  t.same(complete('-o', 'json', 'ma'), ['maps'])
  t.same(complete('dump', 'me'), ['members'])
  t.same(complete('completion', 'z'), ['zsh'])
  t.same(complete('monitoring', '--accesslog', 'e'), ['enable'])
  t.same(complete('enroll', '--cgroup', '/pro'), ['/proc'])
  t.same(complete('enroll', '--pid', ''), [])
  t.same(complete('nothing', ''), [])
})

t.test('every script names every command and option', async (t) => {
  const root = program()
  for (const shell of ['bash', 'zsh', 'fish'] as const) {
    const script = scriptFor(shell, root)
    for (const command of root.commands) {
      t.match(script, command.name(), `${shell}: ${command.name()}`)
      for (const { long } of command.options) {
        const name = shell === 'fish' ? `-l ${long?.slice(2)}` : long
        t.ok(script.includes(name ?? ''), `${shell}: ${command.name()} ${long}`)
      }
    }
  }
})

t.test('each shell that is here takes its script', async (t) => {
  for (const shell of ['bash', 'zsh', 'fish'] as const) {
    try {
      execFileSync(shell, ['-n'], { input: scriptFor(shell, program()), stdio: ['pipe', 'ignore', 'pipe'] })
      t.pass(shell)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') t.pass(`${shell} is not installed`)
      else t.fail(String(error))
    }
  }
})
