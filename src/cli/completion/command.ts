/** `millrace completion SHELL`. */
import { Argument, type Command } from 'commander'
import type { CommandContext } from '../agent-command.ts'
import { completionScript, type Shell, shells } from './scripts.ts'

export function addCompletion(program: Command, context: CommandContext): void {
  program
    .command('completion')
    .description('print a script that completes commands, flags and the names of jobs in a shell')
    .addArgument(new Argument('<SHELL>', 'the shell').choices(shells))
    .option('--json', 'print JSON: an object with the shell and the script')
    .action((shell: Shell, flags: { readonly json?: boolean }) => {
      const script = completionScript(shell)
      context.show(flags.json === true ? JSON.stringify({ shell, script }) : script)
    })
}
