/**
 * The command line: parses, calls, prints. What a command does lives in its own file.
 *
 * Exit status: 0 done; 1 it could not be done; 2 the call itself is wrong; 3 done, and what was found needs attention
 * (`cluster status` alone).
 */
import { Command, CommanderError } from 'commander'
import { type LoadedSettings, loadSettings } from '../config/load-settings.ts'
import { type OptionName, options } from '../config/options.ts'
import { InvalidError, MillraceError, messageOf } from '../core/errors.ts'
import { addAgentCalls } from './agent-calls.ts'
import type { Printed } from './printed.ts'
import { readScheduleNextFlags, scheduleNext } from './schedule-next.ts'
import { showSettings } from './show-settings.ts'

export interface ProgramParts {
  readonly version: string
  /** Runs an agent until it is told to stop. */
  runAgent(loaded: LoadedSettings): Promise<void>
  print(text: string): void
  printError(text: string): void
}

/** @returns the exit status */
export async function runProgram(argv: readonly string[], parts: ProgramParts): Promise<number> {
  try {
    let exitStatus = 0
    const print = (printed: Printed) => {
      parts.print(typeof printed === 'string' ? printed : printed.text)
      if (typeof printed !== 'string') exitStatus = printed.exitStatus
    }
    await buildProgram(parts, print).parseAsync([...argv], { from: 'user' })
    return exitStatus
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
    parts.printError(`millrace: ${textOf(error)}`)
    return error instanceof MillraceError && error.remedy === 'fix-request' ? 2 : 1
  }
}

function textOf(error: unknown): string {
  if (error instanceof InvalidError)
    return error.issues.map((issue) => `${issue.field}: ${issue.message}`).join('\nmillrace: ')
  return messageOf(error)
}

function buildProgram(parts: ProgramParts, print: (printed: Printed) => void): Command {
  const program = new Command('millrace')
    .description('Scheduled work and continuous MySQL replication on one small cluster')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => parts.print(text.trimEnd()),
      writeErr: (text) => parts.printError(text.trimEnd()),
    })
    .showHelpAfterError('(millrace --help tells more)')
  program
    .command('version')
    .description('print the version')
    .action(() => parts.print(`millrace ${parts.version}`))
  addAgent(program, parts)
  addSchedule(program, parts)
  addKeygen(program, parts)
  addAgentCalls(program, print)
  return program
}

function addAgent(program: Command, parts: ProgramParts): void {
  const agent = program.command('agent').description('start an agent and keep it running until it is told to stop')
  addSettings(agent).action((flags) => parts.runAgent(load(flags)))
  const config = program.command('config').description('look at the settings')
  const show = config.command('show').description('print every setting, its value and where it came from')
  addSettings(show)
    .option('--json', 'print JSON')
    .action((flags) => parts.print(showSettings(load(flags), flags.json === true)))
}

function addSettings(command: Command): Command {
  command.option('--config <PATH>', 'YAML file of settings, each under its name as below')
  for (const [name, { kind, defaultText, help }] of Object.entries(options)) {
    const text = defaultText === '' ? help : `${help} (default: ${defaultText})`
    const flag = kind.placeholder === '' ? `--${name}` : `--${name} <${kind.placeholder}>`
    if (kind.isList)
      command.option(flag, text, (value: string, before?: string) => (before ? `${before},${value}` : value))
    else command.option(flag, text)
  }
  return command.addHelpText(
    'after',
    '\nEach setting is also an environment variable (--http-addr is MILLRACE_HTTP_ADDR) and a key of the YAML file\n(http-addr). A flag wins over the environment, the environment over the file.',
  )
}

/** Commander's camel-case keys back to the settings' names. */
function load(given: Readonly<Record<string, unknown>>): LoadedSettings {
  const flags: Record<string, string> = {}
  for (const name of ['config', ...Object.keys(options)] as (OptionName | 'config')[]) {
    const value = given[name.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase())]
    if (value !== undefined) flags[name] = String(value)
  }
  return loadSettings({ flags, environment: process.env })
}

function addSchedule(program: Command, parts: ProgramParts): void {
  program
    .command('schedule')
    .description('try schedules')
    .command('next')
    .description('print the next fire times of a schedule')
    .argument('<SPEC>', "a cron line of six or five fields, '@every 5m', '@daily', '@at 2030-01-02T03:04:05Z', ...")
    .option('--zone <ZONE>', 'IANA time zone (default: UTC)')
    .option('--from <RFC3339>', 'fires after this instant (default: now)')
    .option('--count <N>', 'how many (default: 5)')
    .option('--json', 'print a JSON array of RFC 3339 times; empty when it never fires')
    .action((spec, flags) => parts.print(scheduleNext(spec, readScheduleNextFlags(flags))))
}

function addKeygen(program: Command, parts: ProgramParts): void {
  program
    .command('keygen')
    .description('make the secrets and certificates of a cluster; what is there already is kept')
    .option('--dir <PATH>', 'folder for them, closed to other accounts', 'keys')
    .option('--host <HOST,...>', 'hosts that agents run on, DNS names or addresses; each gets a certificate', '')
    .action(async ({ dir, host }: { readonly dir: string; readonly host: string }) => {
      // Only this command needs what makes certificates, which takes a while to load.
      const { keygen } = await import('./keygen/keygen.ts')
      parts.print(keygen(dir, host))
    })
}
