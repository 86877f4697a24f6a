/** The tree of kmeshctl's commands. */
import { Command } from 'commander'
import { withCommonOptions } from './command.ts'
import { bypassCommand } from './commands/bypass.ts'
import { completionCommand } from './commands/completion.ts'
import { connsCommand } from './commands/conns.ts'
import { dumpCommand } from './commands/dump.ts'
import { enrollCommand } from './commands/enroll.ts'
import { explainCommand } from './commands/explain.ts'
import { logCommand } from './commands/log.ts'
import { mapsCommand } from './commands/maps.ts'
import { monitoringCommand } from './commands/monitoring.ts'
import { reloadCommand } from './commands/reload.ts'
import { statusCommand } from './commands/status.ts'
import { versionCommand } from './commands/version.ts'
import { checkCommand } from './offline/check.ts'
import { cleanupCommand } from './offline/cleanup.ts'
import { runCommand } from './offline/run.ts'

const GROUPS: readonly (readonly [heading: string, commands: readonly (() => Command)[]])[] = [
  ['See what is', [statusCommand, explainCommand, connsCommand, mapsCommand, dumpCommand, versionCommand]],
  ['Be a member', [runCommand, enrollCommand, bypassCommand]],
  ['Run the daemon', [checkCommand, reloadCommand, logCommand, monitoringCommand, cleanupCommand, completionCommand]],
]

export function program(): Command {
  const root = withCommonOptions(new Command('kmeshctl'))
    .description('Looks into Kmesh-TS on this node, and makes things members of the mesh.')
    .helpCommand(false)
    // What follows the command of `run` is that command's.
    .enablePositionalOptions()
    .addHelpText('after', HELP)
  for (const [heading, commands] of GROUPS) {
    root.commandsGroup(`${heading}:`)
    for (const make of commands) root.addCommand(make())
  }
  return root
}

const HELP = `
kmeshctl COMMAND --help has examples.

Exit status: 0 done; 1 refused, failed or not ready; 2 the command line is wrong; 3 nobody answers at the socket.
`
