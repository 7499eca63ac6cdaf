/** The command `millrace keygen`. */
import type { Command } from 'commander'
import type { CommandContext } from '../agent-command.ts'

interface KeygenFlags {
  readonly dir: string
  readonly host: string
  readonly json?: boolean
}

export function addKeygen(program: Command, context: CommandContext): void {
  program
    .command('keygen')
    .description('make the secrets and certificates of a cluster; what is there already is kept')
    .option('--dir <PATH>', 'folder for them, closed to other accounts', 'keys')
    .option('--host <HOST,...>', 'hosts that agents run on, DNS names or addresses; each gets a certificate', '')
    .option('--json', 'print JSON: an array of the files, whether each is new, and its flag')
    .action(async ({ dir, host, json }: KeygenFlags) => {
      // Only this command needs what makes certificates, which takes a while to load.
      const { keygen, keygenJson } = await import('./keygen.ts')
      context.show(json === true ? keygenJson(dir, host) : keygen(dir, host))
    })
}
