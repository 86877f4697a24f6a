/** `kmeshctl cleanup`: no program, map, pin, cgroup or mount of ours is left. */
import { type Command, Option } from 'commander'
import { commonOptions, DEFAULT_BPF_FS, examples, subcommand } from '../command.ts'
import { Failure } from '../failure.ts'
import { print, printJson } from '../output.ts'

export function cleanupCommand(): Command {
  return subcommand('cleanup', 'remove every trace from this node; traffic then goes on without the mesh')
    .addOption(new Option('--bpf-fs-path <dir>', 'where the pins are').default(DEFAULT_BPF_FS))
    .addHelpText(
      'after',
      `${examples(
        ['kmeshctl cleanup', 'after kmeshd has ended'],
        ['kmeshctl cleanup --bpf-fs-path /tmp/bpf', 'what a kmeshd with that flag left'],
      )}\nIt refuses while a daemon works on the pins. Exit status 1 where something had to stay.\n`,
    )
    .action(async ({ bpfFsPath }: { bpfFsPath: string }, command: Command) => {
      const { output } = commonOptions(command)
      const { cleanup } = await import('../../controller/kernel/cleanup.ts')
      const { warnings } = await import('./log.ts')
      const { removed, left } = cleanup(bpfFsPath, warnings)
      if (output === 'json') printJson({ removed, left })
      else
        print(
          [...removed.map((what) => `removed ${what}\n`), removed.length === 0 ? 'nothing to remove\n' : ''].join(''),
        )
      if (left.length > 0) throw new Failure(`left: ${left.join('; ')}`)
    })
}
