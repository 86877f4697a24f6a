/** `kmeshctl check`: can this node run the mesh, and what would be missing? */
import { type Command, Option } from 'commander'
import { oneLine } from '../../controller/model/text.ts'
import { commonOptions, DEFAULT_BPF_FS, examples, subcommand } from '../command.ts'
import { ExitStatus } from '../failure.ts'
import { print, printJson } from '../output.ts'
import type { Check } from './checks.ts'

export function checkCommand(): Command {
  return subcommand('check', 'can this node run the mesh: kernel, privileges, cgroups, programs of others')
    .option('--cgroup2-path <dir>', 'where kmeshd would attach (default: the cgroup2 mount)')
    .addOption(new Option('--bpf-fs-path <dir>', 'where kmeshd would pin').default(DEFAULT_BPF_FS))
    .addHelpText(
      'after',
      `${examples(['kmeshctl check', 'needs no daemon, and changes nothing'], ['kmeshctl check -o json', 'for scripts'])}
ok    as it should be
warn  works, with the consequence that is named
fail  kmeshd cannot start; exit status 1\n`,
    )
    .action(async (options: { cgroup2Path?: string; bpfFsPath: string }, command: Command) => {
      const { output } = commonOptions(command)
      const { runChecks } = await import('./checks.ts')
      const checks = runChecks(options.cgroup2Path, options.bpfFsPath)
      const ok = checks.every(({ result }) => result !== 'fail')
      if (output === 'json') printJson({ ok, checks })
      else print(report(checks))
      if (!ok) process.exitCode = ExitStatus.failed
    })
}

function report(checks: readonly Check[]): string {
  const width = Math.max(...checks.map(({ name }) => name.length))
  return checks
    .map(({ name, result, found, consequence }) => {
      const text = consequence === '' ? found : `${found}: ${consequence}`
      return `${result.padEnd(4)}  ${name.padEnd(width)}  ${oneLine(text)}\n`
    })
    .join('')
}
