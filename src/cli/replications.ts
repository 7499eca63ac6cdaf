/**
 * `millrace replications`: the replication jobs and where they stand.
 *
 * Easy to get wrong: `--json` prints jobs as the Udup API has them, passwords masked, so that `replication apply -f -`
 * takes them again and keeps the passwords.
 */
import type { Command } from 'commander'
import { type AgentCall, addAgentCommand, type CommandContext } from './agent-command.ts'
import { durationText } from './amounts.ts'
import { percentText } from './progress-bar.ts'
import type { ReplicationBrief } from './replication-answer.ts'
import { formatTable, shorten } from './table.ts'

export function addReplications(parent: Command, context: CommandContext): void {
  addAgentCommand(parent, context, {
    usage: 'replications',
    about: 'list the replication jobs and where they stand',
    json: 'an array of jobs as GET /udup/v1/jobs has them, passwords masked',
    run: listReplications,
  })
}

async function listReplications({ client, isJson }: AgentCall<object>): Promise<string> {
  if (isJson) return client.text('GET', '/udup/v1/jobs?pretty')
  const { jobs } = (await client.call('GET', '/ops/replication-jobs')) as { readonly jobs: readonly ReplicationBrief[] }
  if (jobs.length === 0) return 'no replication jobs yet; create one with "millrace replication apply -f FILE"'
  return formatTable(
    ['NAME', 'STATUS', 'STAGE', 'COPIED', 'LAG', 'SOURCE', 'TARGET', 'WHY'],
    jobs.map((job) => [
      job.name,
      job.status,
      job.stage,
      copiedText(job),
      job.lag_ms === null ? '-' : durationText(job.lag_ms),
      serverText(job.source),
      serverText(job.target),
      job.status === 'running' ? '-' : shorten(job.description, 100),
    ]),
  )
}

function copiedText({ stage, rows_copied: done, rows_total: total }: ReplicationBrief): string {
  if (stage !== 'full') return '-'
  return total === 0 ? '?' : percentText(done / total)
}

/** `10.0.0.1:3306 on node1`. */
export function serverText({ host, port, node_name: node }: ReplicationBrief['source']): string {
  const address = `${host.includes(':') ? `[${host}]` : host}:${port}`
  return node === null || node === '' ? address : `${address} on ${node}`
}
