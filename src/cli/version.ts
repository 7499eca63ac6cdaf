/** `millrace version`. */
import type { Command } from 'commander'
import type { CommandContext } from './agent-command.ts'

export function addVersion(program: Command, context: CommandContext, version: string): void {
  program
    .command('version')
    .description('print the version')
    .option('--json', 'print JSON: an object with the version')
    .action((flags: { readonly json?: boolean }) =>
      context.show(flags.json === true ? JSON.stringify({ version }) : `millrace ${version}`),
    )
}
