/** `millrace replication show JOB`: one replication job, its servers, filters and both tasks. */
import type { Command } from 'commander'
import { type AgentCall, addAgentCommand, type CommandContext } from './agent-command.ts'
import { instantText } from './amounts.ts'
import { suggesting } from './known-names.ts'
import type { ProblemAnswer, ReplicationAnswer, TaskAnswer } from './replication-answer.ts'
import { serverText } from './replications.ts'
import { printable } from './table.ts'

interface FilterJson {
  readonly TableSchema: string
  readonly Tables?: readonly { readonly TableName: string }[]
}

interface JobJson {
  readonly ID: string
  readonly CreatedAt: string
  readonly Tasks: readonly {
    readonly Config: {
      readonly Gtid: string
      readonly ReplicateDoDb: readonly FilterJson[]
      readonly ReplicateIgnoreDb: readonly FilterJson[]
    }
  }[]
}

export function addReplicationShow(parent: Command, context: CommandContext): void {
  addAgentCommand(parent, context, {
    usage: 'show <REPLICATION>',
    about: 'print a replication job (by name or id), its servers, both tasks and what is wrong',
    json: 'the job as GET /udup/v1/job/ID has it, passwords masked',
    run: showReplication,
  })
}

async function showReplication({ client, args, isJson }: AgentCall<object>): Promise<string> {
  const name = args[0] ?? ''
  const path = `/udup/v1/job/${encodeURIComponent(name)}?pretty`
  const text = await suggesting(client, 'replication', name, () => client.text('GET', path))
  if (isJson) return text
  const job = JSON.parse(text) as JobJson
  const stand = (await client.call('GET', `/ops/replication-jobs/${encodeURIComponent(job.ID)}`)) as ReplicationAnswer
  return replicationText(job, stand)
}

export function replicationText(job: JobJson, stand: ReplicationAnswer): string {
  const config = job.Tasks[0]?.Config
  const fields: readonly (readonly [label: string, value: string])[] = [
    ['name', stand.name],
    ['id', job.ID],
    ['type', stand.type],
    ['status', stand.status],
    ['why', stand.description],
    ['source', `${serverText(stand.source)} as ${stand.source.user}`],
    ['target', `${serverText(stand.target)} as ${stand.target.user}`],
    ['replicates', filterText(config?.ReplicateDoDb ?? []) || 'all schemas of users'],
    ['leaves out', filterText(config?.ReplicateIgnoreDb ?? [])],
    ['starts after', config?.Gtid ?? ''],
    ['created (UTC)', instantText(job.CreatedAt)],
    ['source task', taskText(stand.tasks.source)],
    ['target task', taskText(stand.tasks.target)],
    ...stand.problems.filter((problem) => problem.is_current).map(problemField),
  ]
  const given = fields.filter(([, value]) => value !== '')
  const width = Math.max(...given.map(([label]) => label.length))
  return given.map(([label, value]) => `${label.padEnd(width)}  ${printable(value)}`).join('\n')
}

function problemField({ role, message, cure }: ProblemAnswer): readonly [string, string] {
  return [`${role} problem`, cure === null || cure === '' ? message : `${message}; ${cure}`]
}

function taskText({ is_running: isRunning, stage, description, position, strategy }: TaskAnswer): string {
  if (!isRunning) return 'does not run'
  const details = [description, position === '' ? '' : `at ${position}`, strategy === null ? '' : `by ${strategy}`]
  return [stage, ...details.filter((text) => text !== '')].join(', ')
}

function filterText(filters: readonly FilterJson[]): string {
  return filters
    .map(({ TableSchema: schema, Tables: tables = [] }) =>
      tables.length === 0 ? `${schema}.*` : tables.map(({ TableName: table }) => `${schema}.${table}`).join(', '),
    )
    .join(', ')
}
