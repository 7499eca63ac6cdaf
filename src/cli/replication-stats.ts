/**
 * `millrace replication stats JOB`: how far the copy is, and how far behind the target; with `-w` again and again.
 *
 * On a terminal bars are drawn at the same place; elsewhere each look is one plain line. Watching ends by itself when a
 * migration is complete or the job is deleted.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { type Command, InvalidArgumentError, Option } from 'commander'
import { type AgentCall, addAgentCommand, type CommandContext } from './agent-command.ts'
import { CallFailedError } from './errors.ts'
import { suggesting } from './known-names.ts'
import { LiveLines } from './live-lines.ts'
import type { Printed } from './printed.ts'
import type { ReplicationAnswer } from './replication-answer.ts'
import { statsLine, statsLines } from './stats-text.ts'
import { printableLines } from './table.ts'

interface StatsFlags {
  readonly watch?: boolean
  readonly interval: number
}

export function addReplicationStats(parent: Command, context: CommandContext): void {
  addAgentCommand<StatsFlags>(parent, context, {
    usage: 'stats <REPLICATION>',
    about: 'print how far a replication job is: the copy of each table, lag, rates, backlog',
    json: 'the job as GET /ops/replication-jobs/ID has it; with -w one a line for each look',
    flags: [
      new Option('-w, --watch', 'go on until the job is complete or deleted'),
      new Option('--interval <SECONDS>', 'between two looks').argParser(seconds).default(1),
    ],
    exitStatus: ['3 the job is dead: it needs somebody'],
    run: (call) => (call.flags.watch === true ? watchStats(call) : printStats(call)),
  })
}

function seconds(text: string): number {
  const number = Number(text)
  if (!/^\d+(\.\d+)?$/.test(text) || number < 0.1 || number > 86_400)
    throw new InvalidArgumentError('It must be a number of seconds from 0.1 to 86400.')
  return number
}

async function printStats({ client, args, isJson, screen }: AgentCall<StatsFlags>): Promise<Printed> {
  const name = args[0] ?? ''
  const text = await suggesting(client, 'replication', name, () => client.text('GET', `${pathOf(name)}?pretty`))
  const answer = JSON.parse(text) as ReplicationAnswer
  return { text: isJson ? text : statsLines(answer, screen).join('\n'), exitStatus: statusOf(answer) }
}

async function watchStats(call: AgentCall<StatsFlags>): Promise<Printed> {
  const { client, args, flags } = call
  const name = args[0] ?? ''
  const show = shower(call)
  let last = await suggesting(client, 'replication', name, () => readStats(client, pathOf(name)))
  for (;;) {
    show(last)
    if (last.status === 'complete') return ''
    await sleep(flags.interval * 1_000)
    try {
      // By its id: a job that is made anew under this name is another one.
      last = await readStats(client, pathOf(last.id))
    } catch (error) {
      if (!(error instanceof CallFailedError)) throw error
      if (error.status === 404) return { text: call.isJson ? '' : `${name} was deleted`, exitStatus: 1 }
      if (error.status !== null && error.status < 500) throw error
      call.screen.printError(printableLines(`millrace: ${error.message}`))
    }
  }
}

function shower({ isJson, screen }: AgentCall<StatsFlags>): (answer: ReplicationAnswer) => void {
  if (isJson) return (answer) => screen.print(JSON.stringify(answer))
  if (screen.terminal === null) return (answer) => screen.print(statsLine(answer, new Date()))
  const live = new LiveLines(screen)
  return (answer) => live.draw(statsLines(answer, screen))
}

async function readStats(client: AgentCall<StatsFlags>['client'], path: string): Promise<ReplicationAnswer> {
  return (await client.call('GET', path)) as ReplicationAnswer
}

function pathOf(idOrName: string): string {
  return `/ops/replication-jobs/${encodeURIComponent(idOrName)}`
}

function statusOf({ status }: ReplicationAnswer): number {
  return status === 'dead' ? 3 : 0
}
