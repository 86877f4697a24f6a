/** `kmeshctl run`: any program as a member of the mesh. */
import { Command, Option } from 'commander'
import { commonOptions, DEFAULT_BPF_FS, examples, socketOption } from '../command.ts'
import { namespacePath } from '../target.ts'

interface RunOptions {
  readonly namespace?: string
  readonly workload?: string
  readonly netns?: string
  readonly bpfFsPath: string
}

export function runCommand(): Command {
  return new Command('run')
    .description('run a program as a member of the mesh')
    .usage('[options] -- COMMAND [ARGUMENT...]')
    .argument('<command...>', 'the program and its arguments')
    .passThroughOptions()
    .addOption(socketOption())
    .option('--namespace <name>', 'for names without a namespace (default: default)')
    .option('--workload <name>', 'the workload of the mesh that it is')
    .option('--netns <path>', 'run in this network namespace: a file, or a name of ip-netns(8)', namespacePath)
    .addOption(new Option('--bpf-fs-path <dir>', 'where the pins are, while no daemon runs').default(DEFAULT_BPF_FS))
    .addHelpText(
      'after',
      `${examples(
        ['kmeshctl run -- curl http://reviews.default:9080/', 'by the name of a service'],
        ['kmeshctl run --namespace shop -- bash', 'a shell: all that is started in it is a member too'],
        ['kmeshctl run --netns blue -- curl http://10.96.0.10:9080/', 'in a namespace of ip-netns(8)'],
      )}
It gets a cgroup of its own, kmesh-run-PID, which is gone when it ends. Its exit status is passed on, signals are
passed to it; 126 and 127 mean that there is no such program. Without a daemon it runs on what the last one left in
the kernel; names are then not answered. If kmeshctl itself is killed, the program is ended too.\n`,
    )
    .action(async (words: readonly string[], options: RunOptions, command: Command) => {
      const { socket } = commonOptions(command)
      const { namespace, workload, netns, bpfFsPath } = options
      const { runProgram } = await import('./run-program.ts')
      process.exitCode = await runProgram({ place: { socket, bpfFsPath }, words, namespace, workload, netns })
    })
}
