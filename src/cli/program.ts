/**
 * The command line: parses, calls, prints. What a command does lives in its own file.
 *
 * Easy to get wrong: a test holds every command and flag against docs/cli.md, and completion reads the same tree; a
 * command that is added here is complete only with its section there.
 */
import { Command, CommanderError } from 'commander'
import type { LoadedSettings } from '../config/load-settings.ts'
import { InvalidError, MillraceError, messageOf } from '../core/errors.ts'
import { addAgent, addConfig } from './agent.ts'
import type { CommandContext, Environment } from './agent-command.ts'
import { addApply } from './apply/command.ts'
import { addClusterStatus } from './cluster-status.ts'
import { completeCommand, completionAnswer } from './completion/answer.ts'
import { addCompletion } from './completion/command.ts'
import { addCopy, type CopyParts } from './copy/command.ts'
import { RequestRefusedError } from './errors.ts'
import { addExecutions } from './executions.ts'
import { addJobOrders, addRun } from './job-orders.ts'
import { addJobShow } from './job-show.ts'
import { addJobStop } from './job-stop.ts'
import { addJobs } from './jobs.ts'
import { addKeygen } from './keygen/command.ts'
import { addLeave } from './leave.ts'
import { addLogs } from './logs.ts'
import { addMembers } from './members.ts'
import { addReplicationOrders } from './replication-orders.ts'
import { addReplicationShow } from './replication-show.ts'
import { addReplicationStats } from './replication-stats.ts'
import { addReplications } from './replications.ts'
import { addScheduleNext } from './schedule-next.ts'
import type { Screen, Terminal } from './screen.ts'
import { printableLines } from './table.ts'
import { addVersion } from './version.ts'

export interface ProgramParts {
  readonly version: string
  /** Runs an agent until it is told to stop. */
  runAgent(loaded: LoadedSettings): Promise<void>
  print(text: string): void
  printError(text: string): void
  /** To standard output as it is; without it pieces are printed as lines. */
  write?(text: string): void
  /** Null or absent: standard output is no terminal. */
  readonly terminal?: Terminal | null
  /** The process's own when absent. */
  readonly environment?: Environment
  /** Standard input to its end. */
  readInput?(): Promise<string>
  /** For `copy`, which asks no agent. */
  readonly copy?: CopyParts
}

const exitStatuses = `
Exit status: 0 done; 1 it could not be done; 2 the call itself is wrong (flags, arguments, files), nothing was done;
3 done, and what was found needs attention (cluster status, logs -f, replication stats, copy, apply
--exit-code).

MILLRACE_ADDRESS and MILLRACE_TOKEN_FILE say which agent to ask; NO_COLOR turns colours off.`

/** @returns the exit status */
export async function runProgram(argv: readonly string[], parts: ProgramParts): Promise<number> {
  let exitStatus = 0
  const context: CommandContext = {
    screen: screenOf(parts),
    environment: parts.environment ?? process.env,
    readInput: parts.readInput ?? (async () => ''),
    show(printed) {
      const { text, exitStatus: status } = typeof printed === 'string' ? { text: printed, exitStatus: 0 } : printed
      if (text !== '') parts.print(text)
      exitStatus = Math.max(exitStatus, status)
    },
  }
  try {
    const program = buildProgram(parts, context)
    if (argv[0] === completeCommand) {
      for (const line of await completionAnswer(program, argv.slice(1), context.environment)) parts.print(line)
      return 0
    }
    await program.parseAsync([...argv], { from: 'user' })
    return exitStatus
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
    parts.printError(printableLines(`millrace: ${textOf(error)}`))
    return error instanceof MillraceError && error.remedy === 'fix-request' ? 2 : 1
  }
}

function screenOf(parts: ProgramParts): Screen {
  return {
    print: (text) => parts.print(text),
    printError: (text) => parts.printError(text),
    write: (text) => (parts.write === undefined ? parts.print(text) : parts.write(text)),
    terminal: parts.terminal ?? null,
  }
}

function textOf(error: unknown): string {
  if (error instanceof InvalidError || error instanceof RequestRefusedError)
    return error.issues.map((issue) => `${issue.field}: ${issue.message}`).join('\nmillrace: ')
  return messageOf(error)
}

/** The whole tree of commands. */
export function buildProgram(parts: ProgramParts, context: CommandContext): Command {
  const program = new Command('millrace')
    .description('Scheduled work and continuous MySQL replication on one small cluster')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => parts.print(text.trimEnd()),
      writeErr: (text) => parts.printError(text.trimEnd()),
    })
    .showHelpAfterError('(millrace --help tells more)')
    .addHelpText('after', exitStatuses)
  addScheduled(program, context)
  addReplication(program, context)
  addCopy(program, context, parts.copy ?? null)
  addCluster(program, context)
  program.commandsGroup('This machine:')
  addAgent(program, parts)
  addConfig(program, context)
  addKeygen(program, context)
  addCompletion(program, context)
  addVersion(program, context, parts.version)
  return program
}

function addScheduled(program: Command, context: CommandContext): void {
  program.commandsGroup('Scheduled jobs:')
  addJobs(program, context)
  const job = program.command('job').description('look at scheduled jobs, change, run and stop them')
  addJobShow(job, context)
  addApply(job, context, 'scheduled')
  addJobOrders(job, context)
  addJobStop(job, context)
  addExecutions(program, context)
  addLogs(program, context)
  addRun(program, context)
  addScheduleNext(program.command('schedule').description('try schedules'), context)
}

function addReplication(program: Command, context: CommandContext): void {
  program.commandsGroup('Replication:')
  addReplications(program, context)
  const replication = program.command('replication').description('look at replication jobs and change them')
  addReplicationShow(replication, context)
  addApply(replication, context, 'replication')
  addReplicationOrders(replication, context)
  addReplicationStats(replication, context)
  program.commandsGroup('Both kinds of jobs:')
  addApply(program, context, null)
}

function addCluster(program: Command, context: CommandContext): void {
  program.commandsGroup('Cluster:')
  addMembers(program, context)
  addClusterStatus(program.command('cluster').description('look at the cluster'), context)
  addLeave(program, context)
}
