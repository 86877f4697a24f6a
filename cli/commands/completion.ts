/** `kmeshctl completion`: the script by which a shell completes our command line. */
import { Argument, Command } from 'commander'
import { examples } from '../command.ts'
import { SHELLS, type Shell, scriptFor } from '../completion.ts'
import { print } from '../output.ts'

export function completionCommand(): Command {
  return new Command('completion')
    .description('print the script by which a shell completes kmeshctl')
    .addArgument(new Argument('<shell>', 'which shell').choices(SHELLS))
    .addHelpText(
      'after',
      examples(
        ['source <(kmeshctl completion bash)', 'for this shell'],
        ['kmeshctl completion bash > /etc/bash_completion.d/kmeshctl', 'for every bash'],
        ['kmeshctl completion zsh > /usr/share/zsh/site-functions/_kmeshctl', 'for every zsh'],
        ['kmeshctl completion fish > ~/.config/fish/completions/kmeshctl.fish', 'for every fish'],
      ),
    )
    .action(async (shell: Shell, _, command: Command) => {
      print(scriptFor(shell, command.parent ?? command))
    })
}
