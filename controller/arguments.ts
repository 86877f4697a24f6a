/** The command line of kmeshd, by commander: flags, sub-commands, help. */
import { Command, CommanderError, Option } from 'commander'
import { type Config, configOf, type Given, type PinSettings, pinSettingsOf, type Result } from './config.ts'
import { environmentName, FLAGS, type Flag, LATER_FLAGS } from './flags.ts'

export type Invocation =
  | { readonly is: 'run'; readonly config: Config }
  | { readonly is: 'cleanup'; readonly pins: PinSettings; readonly socket: string }
  | { readonly is: 'version' }
  /** nothing to run: help (status 0), or what is wrong, one line a mistake (status 2) */
  | { readonly is: 'text'; readonly text: string; readonly status: 0 | 2 }

const PIN_FLAGS = ['cgroup2-path', 'bpf-fs-path', 'socket']

/** @param args without node and the script */
export function parseArguments(args: readonly string[], environment: NodeJS.ProcessEnv): Invocation {
  let out = ''
  let invocation: Invocation | undefined
  const program = new Command('kmeshd')
    .description('The daemon of Kmesh-TS: compiles Kubernetes and Istio YAML into the kernel and keeps it there.')
    .helpCommand(false)
    .allowExcessArguments()
    .exitOverride()
    .configureOutput({ writeOut: (text) => (out += text), writeErr: () => undefined })
    .addHelpText('after', HELP)
  for (const flag of FLAGS) program.addOption(optionOf(flag))
  for (const { name } of LATER_FLAGS) program.addOption(new Option(`--${name} [value]`).hideHelp())
  program.action(() => {
    const [word] = program.args
    if (word !== undefined) {
      invocation = refuse([`${JSON.stringify(word)} is neither a flag nor a command (see kmeshd --help)`])
      return
    }
    const given = givenBy(program, environment)
    const later = laterFlags(given)
    invocation =
      later.length > 0 ? refuse(later) : settle(configOf(given, environment), (config) => ({ is: 'run', config }))
  })
  for (const name of ['cleanup', 'uninstall']) {
    const command = program
      .command(name)
      .description(
        name === 'cleanup'
          ? 'remove every trace of Kmesh-TS from this node'
          : 'the same, by the name that Kmesh has for it',
      )
      .action(() => {
        const given = givenBy(command, environment)
        const socket = given.text('socket') ?? ''
        invocation = settle(pinSettingsOf(given), (pins) => ({ is: 'cleanup', pins, socket }))
      })
    for (const flag of FLAGS) if (PIN_FLAGS.includes(flag.name)) command.addOption(optionOf(flag))
  }
  program
    .command('version')
    .description('print the version')
    .action(() => {
      invocation = { is: 'version' }
    })
  try {
    program.parse(args, { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    if (error.exitCode === 0) return { is: 'text', text: out, status: 0 }
    return refuse([error.message.replace(/^error: /, '').replaceAll('\n', ' ')])
  }
  return invocation ?? { is: 'text', text: out, status: 0 }
}

function optionOf({ name, value, help, default: standard, group, repeatable }: Flag): Option {
  const option = new Option(`--${name} ${value}`, standard === undefined ? help : `${help} (default: ${standard})`)
  if (repeatable)
    option.argParser((text: string, before?: string) => (before === undefined ? text : `${before},${text}`))
  return option.helpGroup(`${group}:`)
}

function givenBy(command: Command, environment: NodeJS.ProcessEnv): Given {
  const options = command.optsWithGlobals<Record<string, string | true | undefined>>()
  const onCommandLine = (flag: string) => {
    const value = options[flag.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase())]
    return value === true ? 'true' : value // `--dns-proxy` alone means on
  }
  const variable = (flag: string) => {
    const further = FLAGS.find(({ name }) => name === flag)?.environment ?? []
    // Empty is unset: manifests often pass variables through that way.
    return [environmentName(flag), ...further].find((name) => environment[name])
  }
  return {
    text: (flag) =>
      onCommandLine(flag) ?? environment[variable(flag) ?? ''] ?? FLAGS.find(({ name }) => name === flag)?.default,
    origin: (flag) => (onCommandLine(flag) === undefined ? (variable(flag) ?? `--${flag}`) : `--${flag}`),
  }
}

function laterFlags(given: Given): string[] {
  return LATER_FLAGS.flatMap(({ name, feature, idle }) => {
    const text = given.text(name)
    return text === undefined || idle.includes(text) ? [] : [`${given.origin(name)}: not built yet: ${feature}`]
  })
}

function settle<T>(result: Result<T>, then: (value: T) => Invocation): Invocation {
  return 'value' in result ? then(result.value) : refuse(result.problems)
}

function refuse(problems: readonly string[]): Invocation {
  return { is: 'text', text: problems.map((problem) => `kmeshd: ${problem}\n`).join(''), status: 2 }
}

const HELP = `
Each flag can be given in the environment: --bpf-fs-path as ${environmentName('bpf-fs-path')}. The flag goes first.
NODE_NAME names this node (default: the host name), KUBERNETES_CLUSTER_DOMAIN the cluster (cluster.local).

Examples:
  kmeshd --config /etc/kmesh                 the whole node
  kmeshd --config ./mesh --cgroup2-path /sys/fs/cgroup/test --bpf-fs-path /tmp/bpf --socket /tmp/kmesh.sock
  kmeshd --config ./mesh --access-log json:/var/log/kmesh/access.log --log-level info,kernel:debug
  kmeshd cleanup                             afterwards no program, map or pin of it is left

SIGTERM ends the daemon and leaves traffic running by the last state; SIGUSR1 reopens the access log.

Known, and not built yet: ${LATER_FLAGS.map(({ name }) => `--${name}`).join(' ')}
`
