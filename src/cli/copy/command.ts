/**
 * `millrace copy --from mysql://... --to mysql://...`: one server into another, without a cluster.
 */
import { type Command, InvalidArgumentError, Option } from 'commander'
import { InvalidError } from '../../core/errors.ts'
import type { CommandContext } from '../agent-command.ts'
import { readAccount } from './account.ts'
import { parseServerUrl } from './copy-url.ts'
import { Interrupts } from './interrupts.ts'
import type { CopyEngine, CopyPlan } from './ports.ts'
import { lookOnly, runCopy } from './run-copy.ts'
import { readScope } from './scope-flags.ts'

export interface CopyParts {
  /** Loaded only when something is copied: it is most of the agent. */
  loadEngine(): Promise<CopyEngine>
  /** Asks on the terminal without echo; null where there is none. */
  readonly askSecret: ((question: string) => Promise<string>) | null
}

interface CopyFlags {
  readonly from: string
  readonly to: string
  readonly fromPasswordFile?: string
  readonly toPasswordFile?: string
  readonly fromDefaultsFile?: string
  readonly toDefaultsFile?: string
  readonly schemas?: string
  readonly tables?: string
  readonly exclude?: string
  readonly follow?: boolean
  readonly compare?: boolean
  readonly workDir?: string
  readonly dropIfExists?: boolean
  readonly threads: number
  readonly dryRun?: boolean
  readonly json?: boolean
}

const after = `
Passwords are asked for on the terminal, unless --from-password-file, MILLRACE_FROM_PASSWORD, --from-defaults-file or the
URL has them; with --to it is the same. A password in a URL is seen by every account of this machine.

Exit status: 0 copied, and what was compared is equal, or stopped while following; 1 it could not be done; 2 the call
itself is wrong; 3 copied, but the comparison found differences, or --dry-run found something missing; 130 interrupted
by Ctrl-C before the copy was complete (143 by SIGTERM).`

/** @param parts null where nothing can be copied, only its help be read */
export function addCopy(program: Command, context: CommandContext, parts: CopyParts | null): void {
  const command: Command = program
    .command('copy')
    .description('copy one MySQL or MariaDB server into another, without a cluster, and compare the two')
    .requiredOption('--from <URL>', 'the server to copy, mysql://USER@HOST:PORT')
    .requiredOption('--to <URL>', 'the server to copy it to')
    .option('--from-password-file <PATH>', 'file with the password for --from (or MILLRACE_FROM_PASSWORD)')
    .option('--to-password-file <PATH>', 'file with the password for --to (or MILLRACE_TO_PASSWORD)')
    .option('--from-defaults-file <PATH>', 'MySQL option file with user and password for --from, group [client]')
    .option('--to-defaults-file <PATH>', 'the same for --to')
    .addOption(
      list('--schemas <SCHEMA,...>', 'what to copy; all schemas of users when neither this nor --tables is given'),
    )
    .addOption(list('--tables <SCHEMA.TABLE,...>', 'single tables to copy; * and ? in names stand for any characters'))
    .addOption(list('--exclude <SCHEMA[.TABLE],...>', 'schemas and tables to leave out'))
    .option('--follow', 'go on with the changes until Ctrl-C')
    .option('--compare', 'with --follow: compare once the copy is made, and again at the end')
    .option('--no-compare', 'do not compare source and target at the end')
    .option('--work-dir <PATH>', 'keep what is needed to go on after an interruption in this folder')
    .option('--drop-if-exists', 'drop tables of the target that are to be copied')
    .addOption(new Option('--threads <N>', 'sessions with either server').argParser(threads).default(4))
    .option('--dry-run', 'show what would be copied and what is missing; change nothing')
    .option('--json', 'print JSON, one object a line: look, progress, copied, comparison, done or stopped')
    .addHelpText('after', after)
    .action(async () => {
      const flags = command.opts<CopyFlags>()
      if (parts !== null) context.show(await copy(flags, context, parts))
    })
}

async function copy(flags: CopyFlags, context: CommandContext, parts: CopyParts) {
  const plan = await readPlan(flags, context, parts)
  const engine = await parts.loadEngine()
  using interrupts = new Interrupts(process, (status) => process.exit(status))
  const tools = { engine, screen: context.screen, interrupts }
  const isJson = flags.json === true
  if (flags.dryRun === true) return await lookOnly(plan, isJson, tools)
  const follows = flags.follow === true
  // Whoever follows has to ask for it: a comparison reads every row of both servers.
  const compares = flags.compare ?? !follows
  // The signals are ours until it has ended.
  return await runCopy(plan, { follows, compares, workDir: flags.workDir ?? null, isJson }, tools)
}

async function readPlan(
  flags: CopyFlags,
  { environment, screen }: CommandContext,
  parts: CopyParts,
): Promise<CopyPlan> {
  // ps would show it for as long as the copy runs. What was seen until now cannot be taken back.
  if ([flags.from, flags.to].some((url) => /:[^/]*@/.test(url))) process.title = 'millrace copy'
  const scope = readScope(flags)
  const warn = (text: string) => screen.printError(`millrace: ${text}`)
  const sources = { environment, askSecret: parts.askSecret, warn }
  const accountOf = (side: 'from' | 'to') =>
    readAccount(
      {
        side,
        url: flags[side],
        ...optional('passwordFile', flags[`${side}PasswordFile`]),
        ...optional('defaultsFile', flags[`${side}DefaultsFile`]),
      },
      sources,
    )
  // Nobody types a password for a call that cannot be made.
  for (const side of ['from', 'to'] as const) parseServerUrl(flags[side], `--${side}`)
  const from = await accountOf('from')
  const to = await accountOf('to')
  if (from.host === to.host && from.port === to.port)
    throw new InvalidError([
      { field: '--to', value: null, message: `is ${to.host}:${to.port} like --from; name another server` },
    ])
  return { from, to, ...scope, dropsTables: flags.dropIfExists === true, threads: flags.threads }
}

function optional<Name extends string>(name: Name, value: string | undefined): Partial<Record<Name, string>> {
  return value === undefined ? {} : ({ [name]: value } as Record<Name, string>)
}

function list(usage: string, about: string): Option {
  return new Option(usage, about).argParser((value, before?: string) => (before ? `${before},${value}` : value))
}

function threads(text: string): number {
  const count = Number(text)
  if (!/^\d+$/.test(text) || count < 1 || count > 64)
    throw new InvalidArgumentError('It must be a whole number from 1 to 64.')
  return count
}
