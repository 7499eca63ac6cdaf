/**
 * `millrace logs JOB`: what an execution wrote; with `-f` while it runs, on whatever node, or of the next one.
 *
 * Easy to get wrong: one fire runs on several nodes. What each of them writes is told apart by the node's name before each
 * line, and only then.
 */
import { type Command, Option } from 'commander'
import { type AgentCall, addAgentCommand, type CommandContext } from './agent-command.ts'
import { durationText } from './amounts.ts'
import { CallFailedError } from './errors.ts'
import { suggesting } from './known-names.ts'
import { followFire } from './logs-follow.ts'
import { type FireAnswer, hasOutput, latestFire, type RunAnswer, readFires, readOutput } from './logs-read.ts'
import { LogWriter } from './logs-writer.ts'
import type { Printed } from './printed.ts'
import { printable } from './table.ts'

interface LogsFlags {
  readonly follow?: boolean
  readonly execution?: string
}

export function addLogs(parent: Command, context: CommandContext): void {
  addAgentCommand<LogsFlags>(parent, context, {
    usage: 'logs <JOB>',
    about: 'print what the last run of a scheduled job wrote',
    json: 'an object a line, {"kind": "output", ...} for each piece and {"kind": "end", ...} for each execution',
    flags: [
      new Option('-f, --follow', 'follow the run that goes on, or else the next one, until it ends'),
      new Option('--execution <ID>', 'this execution, as "millrace executions JOB --json" names it'),
    ],
    exitStatus: ['3 what was followed with -f did not succeed'],
    run: printLogs,
  })
}

async function printLogs(call: AgentCall<LogsFlags>): Promise<Printed> {
  const { client, args, flags } = call
  const name = args[0] ?? ''
  const fires = await suggesting(client, 'job', name, () => readFires(client, name))
  const writer = new LogWriter(call)
  if (flags.follow === true) {
    const onWaiting = () => call.screen.printError(`-- nothing of ${name} runs; waits for its next run`)
    const runs = await followFire({ client, name, writer, execution: flags.execution ?? null, onWaiting })
    for (const run of runs) tellEnd(call, run)
    return { text: '', exitStatus: runs.every(({ outcome }) => outcome === 'succeeded') ? 0 : 3 }
  }
  const runs = chosenRuns(fires, name, flags.execution)
  if (runs.length === 0 && !call.isJson) call.screen.printError(`${name} has not run yet`)
  writer.announce(runs.filter(hasOutput))
  for (const run of runs) {
    if (hasOutput(run)) writer.write(run, 0, await readOutput(client, name, run.id))
    writer.end(run)
    tellEnd(call, run)
  }
  return ''
}

/** @throws CallFailedError when there is no such execution among the last ones */
function chosenRuns(fires: readonly FireAnswer[], name: string, id: string | undefined): readonly RunAnswer[] {
  if (id === undefined) return (latestFire(fires) ?? fires[0])?.executions ?? []
  const found = fires.flatMap(({ executions }) => executions).filter((run) => run.id === id)
  if (found.length === 0)
    throw new CallFailedError(
      `there is no execution "${id}" among the last of ${name}; see "millrace executions ${name}"`,
    )
  return found
}

/** How it ended goes to standard error, and only where people read: the output alone is what pipes get. */
function tellEnd({ screen, isJson }: AgentCall<LogsFlags>, run: RunAnswer): void {
  if (isJson) return
  const exit = run.outcome === 'failed' && run.exit_code !== null ? ` with exit status ${run.exit_code}` : ''
  const took = run.duration_ms === null ? '' : ` after ${durationText(run.duration_ms)}`
  const where = run.node_name === '' ? '' : ` on ${run.node_name}`
  const reason = run.reason === '' ? '' : `: ${run.reason}`
  screen.printError(printable(`-- ${run.outcome}${exit}${where}${took}${reason}`))
}
