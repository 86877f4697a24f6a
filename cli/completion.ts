/** Completion scripts for shells, made from the tree of commands. */
import type { Command, Option } from 'commander'

export const SHELLS = ['bash', 'zsh', 'fish'] as const
export type Shell = (typeof SHELLS)[number]

interface Flag {
  /** `-o`, `--output` */
  readonly names: readonly string[]
  readonly description: string
  readonly takes: 'nothing' | 'text' | 'path'
  readonly choices: readonly string[]
}

interface Entry {
  readonly name: string
  readonly description: string
  readonly flags: readonly Flag[]
  /** words that an argument can be */
  readonly words: readonly string[]
  /** what follows is a command of its own */
  readonly wraps: boolean
}

export function scriptFor(shell: Shell, program: Command): string {
  const entries = program.commands.map(entryOf)
  const root = entryOf(program)
  switch (shell) {
    case 'bash':
      return bash(root, entries)
    case 'zsh':
      return zsh(root, entries)
    case 'fish':
      return fish(root, entries)
  }
}

function entryOf(command: Command): Entry {
  return {
    name: command.name(),
    description: command.description(),
    flags: [...command.options.map(flagOf), HELP],
    words: command.registeredArguments.flatMap((argument) => argument.argChoices ?? []),
    wraps: command.registeredArguments.some((argument) => argument.name() === 'command'),
  }
}

const HELP: Flag = { names: ['-h', '--help'], description: 'display help', takes: 'nothing', choices: [] }

function flagOf({ short, long, description, flags, argChoices }: Option): Flag {
  const takes = /<(path|dir)>/.test(flags) ? 'path' : /[<[]/.test(flags) ? 'text' : 'nothing'
  const names = [short, long].filter((name) => name !== undefined)
  return { names, description, takes, choices: argChoices ?? [] }
}

function bash(root: Entry, entries: readonly Entry[]): string {
  const branches = entries.map((entry) => `    ${entry.name}) ${bashWords(entry)} ;;\n`).join('')
  const flags = [root, ...entries].flatMap((entry) => entry.flags)
  const names = (wanted: (flag: Flag) => boolean) => [...new Set(flags.filter(wanted).flatMap((flag) => flag.names))]
  const choices = new Map(flags.filter((flag) => flag.choices.length > 0).map((flag) => [flag.names.join('|'), flag]))
  return `# bash completion for kmeshctl
_kmeshctl() {
  local current=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD-1]} command= at=0 i flags words
  for ((i = 1; i < COMP_CWORD; i++)); do
    case \${COMP_WORDS[i]} in
    ${names((flag) => flag.takes !== 'nothing').join('|')}) ((i++)) ;;
    -*) ;;
    *) if [[ -z $command ]]; then command=\${COMP_WORDS[i]}; elif ((at == 0)); then at=$i; fi ;;
    esac
  done
  COMPREPLY=()
  case $before in
${[...choices].map(([name, flag]) => `  ${name}) COMPREPLY=($(compgen -W '${flag.choices.join(' ')}' -- "$current")); return ;;\n`).join('')}\
  ${names((flag) => flag.takes === 'path').join('|')}) COMPREPLY=($(compgen -f -- "$current")); return ;;
  ${names((flag) => flag.takes === 'text' && flag.choices.length === 0).join('|')}) return ;;
  esac
  case $command in
    '') flags='${flagNames(root)}' words='${entries.map(({ name }) => name).join(' ')}' ;;
${branches}    *) return ;;
  esac
  if [[ $command == run && $at -gt 0 ]]; then COMPREPLY=($(compgen -f -- "$current")); return; fi
  if [[ $current == -* ]]; then words=$flags; fi
  if [[ $command == run && $current != -* ]]; then COMPREPLY=($(compgen -c -- "$current")); return; fi
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _kmeshctl kmeshctl
`
}

function bashWords(entry: Entry): string {
  return `flags='${flagNames(entry)}' words='${entry.words.join(' ')}'`
}

function flagNames({ flags }: Entry): string {
  return flags.flatMap(({ names }) => names).join(' ')
}

function zsh(root: Entry, entries: readonly Entry[]): string {
  const branches = entries.map((entry) => `        ${entry.name}) ${zshArguments(entry)} ;;\n`).join('')
  const commands = entries.map(({ name, description }) => `    ${quoted(`${name}:${description}`)}\n`).join('')
  return `#compdef kmeshctl
_kmeshctl() {
  local state line
  local -a commands=(
${commands}  )
  _arguments -C ${root.flags.map(zshFlag).join(' ')} '1:command:->command' '*::argument:->argument'
  case $state in
    command) _describe command commands ;;
    argument)
      case $words[1] in
${branches}      esac ;;
  esac
}
if [ "$funcstack[1]" = _kmeshctl ]; then _kmeshctl; else compdef _kmeshctl kmeshctl; fi
`
}

function zshArguments(entry: Entry): string {
  const rest = entry.wraps ? ["'*::command:_normal'"] : []
  const words = entry.words.length > 0 ? [`'1:argument:(${entry.words.join(' ')})'`] : []
  return ['_arguments', ...entry.flags.map(zshFlag), ...words, ...rest].join(' ')
}

function zshFlag({ names, description, takes, choices }: Flag): string {
  const text = description.replaceAll(/[[\]]/g, '\\$&')
  const values = choices.length > 0 ? `(${choices.join(' ')})` : takes === 'path' ? '_files' : ' '
  const argument = takes === 'nothing' ? '' : `:value:${values}`
  const excludes = names.length > 1 ? `(${names.join(' ')})` : ''
  return names.map((name) => quoted(`${excludes}${name}[${text}]${argument}`)).join(' ')
}

function fish(root: Entry, entries: readonly Entry[]): string {
  const lines = [
    'complete -c kmeshctl -f',
    ...root.flags.map((flag) => fishFlag('__fish_use_subcommand', flag)),
    ...entries.flatMap((entry) => {
      const seen = `__fish_seen_subcommand_from ${entry.name}`
      return [
        `complete -c kmeshctl -n __fish_use_subcommand -a ${entry.name} -d ${quoted(entry.description)}`,
        ...entry.flags.map((flag) => fishFlag(quoted(seen), flag)),
        ...(entry.words.length > 0 ? [`complete -c kmeshctl -n '${seen}' -a '${entry.words.join(' ')}'`] : []),
        ...(entry.wraps ? [`complete -c kmeshctl -n '${seen}' -a '(__fish_complete_subcommand)'`] : []),
      ]
    }),
  ]
  return `${lines.join('\n')}\n`
}

function fishFlag(condition: string, { names, description, takes, choices }: Flag): string {
  const spelled = names.map((name) => (name.startsWith('--') ? `-l ${name.slice(2)}` : `-s ${name.slice(1)}`))
  const values =
    choices.length > 0 ? ` -x -a '${choices.join(' ')}'` : takes === 'path' ? ' -r -F' : takes === 'text' ? ' -x' : ''
  return `complete -c kmeshctl -n ${condition} ${spelled.join(' ')}${values} -d ${quoted(description)}`
}

/** For bash, zsh and fish alike. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", `'"'"'`)}'`
}
