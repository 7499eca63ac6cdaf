/**
 * The command line: parses, calls, prints. What a command does lives in its own file.
 *
 * Exit status: 0 done; 1 it could not be done; 2 the call itself is wrong.
 */
import { Command, CommanderError } from 'commander'
import { type LoadedSettings, loadSettings } from '../config/load-settings.ts'
import { type OptionName, options } from '../config/options.ts'
import { InvalidError, MillraceError, messageOf } from '../core/errors.ts'
import { ApiClient } from './api-client.ts'
import { listMembers } from './members.ts'
import { readScheduleNextFlags, scheduleNext } from './schedule-next.ts'
import { listExecutions, listJobs, runJob } from './scheduled-jobs.ts'
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
    await buildProgram(parts).parseAsync([...argv], { from: 'user' })
    return 0
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

function buildProgram(parts: ProgramParts): Command {
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
  addCalls(program, parts)
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

type Call = (client: ApiClient, isJson: boolean, name: string) => Promise<string>

function addCalls(program: Command, parts: ProgramParts): void {
  const calls: readonly (readonly [string, string, Call])[] = [
    ['jobs', 'list the scheduled jobs', listJobs],
    ['members', 'list the agents of the cluster', listMembers],
    ['run <NAME>', 'run a scheduled job now', (client, isJson, name) => runJob(client, name, isJson)],
    [
      'executions <NAME>',
      'list what ran of a scheduled job',
      (client, isJson, name) => listExecutions(client, name, isJson),
    ],
  ]
  for (const [usage, description, call] of calls) {
    const command: Command = program
      .command(usage)
      .description(description)
      .option('--address <HOST:PORT>', "a running agent's Dkron API", process.env.MILLRACE_ADDRESS ?? '127.0.0.1:8080')
      .option('--json', 'print the JSON that the agent answered')
      .action(async () => {
        const { address, json } = command.opts<{ address: string; json?: boolean }>()
        parts.print(await call(new ApiClient(address), json === true, command.args[0] ?? ''))
      })
  }
}
