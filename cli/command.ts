/** What all sub-commands share: how they find the daemon, how they print. */
import { Command, Option } from 'commander'
import { DEFAULT_SOCKET } from './client.ts'
import type { OutputFormat } from './output.ts'

/** Where kmeshd pins unless it is told otherwise. */
export const DEFAULT_BPF_FS = '/sys/fs/bpf'

export interface CommonOptions {
  readonly output: OutputFormat
  readonly socket: string
}

/** A command with -o and --socket; both are also taken before its name. */
export function subcommand(name: string, description: string): Command {
  return withCommonOptions(new Command(name).description(description))
}

export function withCommonOptions(command: Command): Command {
  return command
    .addOption(new Option('-o, --output <format>', 'how to print').choices(['table', 'json']))
    .addOption(socketOption())
}

export function socketOption(): Option {
  return new Option('--socket <path>', `socket of the daemon (default: $KMESH_SOCKET or ${DEFAULT_SOCKET})`)
}

export function commonOptions(command: Command): CommonOptions {
  const { output, socket } = command.optsWithGlobals<Partial<CommonOptions>>()
  return { output: output ?? 'table', socket: socket ?? (process.env['KMESH_SOCKET'] || DEFAULT_SOCKET) }
}

/** Shown below the options. */
export function examples(...lines: readonly (readonly [command: string, effect: string])[]): string {
  const width = Math.max(...lines.map(([command]) => command.length))
  return `\nExamples:\n${lines.map(([command, effect]) => `  ${command.padEnd(width)}   ${effect}\n`).join('')}`
}
