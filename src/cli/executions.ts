/** `millrace executions JOB`: what ran and runs of a scheduled job, oldest first. */
import { type Command, Option } from 'commander'
import { type AgentCall, addAgentCommand, type CommandContext } from './agent-command.ts'
import { durationText, instantText } from './amounts.ts'
import type { ApiClient } from './api-client.ts'
import { parseExact } from './exact-json.ts'
import { wholeNumber } from './jobs.ts'
import { suggesting } from './known-names.ts'
import { formatTable, shorten } from './table.ts'

export interface ExecutionAnswer {
  readonly id: string
  readonly node_name: string
  readonly started_at: string
  readonly finished_at: string | null
  readonly outcome: string
  readonly reason: string
  readonly exit_code: number | null
  readonly output: string
  readonly running: boolean
}

interface ExecutionsFlags {
  readonly limit?: number
}

export function addExecutions(parent: Command, context: CommandContext): void {
  addAgentCommand<ExecutionsFlags>(parent, context, {
    usage: 'executions <JOB>',
    about: 'list what ran and runs of a scheduled job, oldest first',
    json: 'an array of executions as GET /v1/executions/JOB has them',
    flags: [new Option('--limit <N>', 'only the last so many').argParser(wholeNumber)],
    run: ({ client, args, flags, isJson }: AgentCall<ExecutionsFlags>) =>
      listExecutions(client, args[0] ?? '', isJson, flags.limit),
  })
}

/** @param limit only the last so many; all without it */
export async function listExecutions(
  client: ApiClient,
  name: string,
  isJson: boolean,
  limit = Number.POSITIVE_INFINITY,
): Promise<string> {
  const path = `/v1/executions/${encodeURIComponent(name)}?pretty`
  const text = await suggesting(client, 'job', name, () => client.text('GET', path))
  if (isJson && limit === Number.POSITIVE_INFINITY) return text
  const all = parseExact(text) as readonly ExecutionAnswer[]
  const executions = limit < all.length ? all.slice(-limit) : all
  if (isJson) return JSON.stringify(executions, null, 2)
  if (executions.length === 0) return `${name} has not run yet`
  return formatTable(
    ['STARTED (UTC)', 'TOOK', 'NODE', 'OUTCOME', 'EXIT', 'REASON', 'OUTPUT'],
    executions.map((execution) => [
      instantText(execution.started_at),
      tookText(execution),
      execution.node_name === '' ? '-' : execution.node_name,
      execution.outcome,
      execution.exit_code === null ? '-' : String(execution.exit_code),
      shorten(execution.reason, 60),
      shorten(execution.output.trim(), 60),
    ]),
  )
}

function tookText({ started_at: startedAt, finished_at: finishedAt }: ExecutionAnswer): string {
  return finishedAt === null ? 'running' : durationText(Date.parse(finishedAt) - Date.parse(startedAt))
}
