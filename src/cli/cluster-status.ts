/**
 * `millrace cluster status`: whether the cluster is well, and what to do where it is not. Short, worst first.
 *
 * Exit status 0: healthy. 3: something needs attention. 1: no agent answered.
 */
import type { Command } from 'commander'
import { addAgentCommand, type CommandContext } from './agent-command.ts'
import { sizeText } from './amounts.ts'
import type { ApiClient } from './api-client.ts'
import type { ClusterAnswer, MemberAnswer, NatsAnswer, PartAnswer, StreamAnswer } from './cluster-answer.ts'
import type { Printed } from './printed.ts'
import { formatTable, printable, shorten } from './table.ts'

export const attentionStatus = 3
const mostStreams = 10

export function addClusterStatus(parent: Command, context: CommandContext): void {
  addAgentCommand(parent, context, {
    usage: 'status',
    about: 'print whether the cluster is well',
    json: 'what GET /ops/cluster answers',
    exitStatus: ['3 something needs attention'],
    run: ({ client, isJson }) => clusterStatus(client, isJson),
  })
}

async function clusterStatus(client: ApiClient, isJson: boolean): Promise<Printed> {
  const text = await client.text('GET', '/ops/cluster?pretty')
  const answer = JSON.parse(text) as ClusterAnswer
  const exitStatus = answer.state === 'healthy' ? 0 : attentionStatus
  return { text: isJson ? text : statusText(answer), exitStatus }
}

/** What people read; without a final newline. */
export function statusText(answer: ClusterAnswer): string {
  return [
    headText(answer),
    answer.warnings.map(({ severity, text }) => `${severity.toUpperCase().padEnd(8)}  ${printable(text)}`).join('\n'),
    scheduledText(answer.jobs.scheduled),
    replicationText(answer.jobs.replication),
    membersText(answer),
    natsText(answer.nats),
  ]
    .filter((part) => part !== '')
    .join('\n\n')
}

function headText({ state, leader, members, asked_node, at }: ClusterAnswer): string {
  const alive = members.filter((member) => member.status === 'alive').length
  const all = members.filter((member) => member.status !== 'left').length
  const well = state === 'healthy' ? 'the cluster is healthy' : 'the cluster NEEDS ATTENTION'
  const led = leader === null ? 'no leader' : `leader ${leader.node_name}, term ${leader.term}${ago(leader.since, at)}`
  return printable(`${well}: ${alive} of ${all} ${noun(all, 'node')} alive, ${led}; as ${asked_node} sees it`)
}

function scheduledText(scheduled: ClusterAnswer['jobs']['scheduled']): string {
  if (scheduled.error !== null) return ''
  const { total, failing, attention } = scheduled
  const head = `${total} scheduled ${noun(total, 'job')}, ${failing} whose last run did not succeed`
  if (failing === 0) return head
  const rows = attention.map((job) => [
    job.name,
    outcomeText(job.outcome, job.exit_code),
    job.node_name === '' ? '-' : job.node_name,
    shortTime(job.finished_at),
    shorten(job.reason === '' ? `see "millrace executions ${job.name}"` : job.reason, 90),
  ])
  const more = failing > attention.length ? `\nand ${failing - attention.length} more` : ''
  return `${head}\n${formatTable(['JOB', 'OUTCOME', 'NODE', 'ENDED (UTC)', 'REASON'], rows)}${more}`
}

function outcomeText(outcome: string | null, exitCode: number | null): string {
  if (outcome === null) return 'failed'
  return outcome === 'failed' && exitCode !== null ? `failed (${exitCode})` : outcome
}

function replicationText(replication: ClusterAnswer['jobs']['replication']): string {
  if (replication.error !== null) return ''
  const { total, attention } = replication
  const head = `${total} replication ${noun(total, 'job')}, ${attention.length} not at work`
  if (attention.length === 0) return head
  const rows = attention.map((job) => [job.name, job.status, shorten(job.description, 200)])
  return `${head}\n${formatTable(['JOB', 'STATUS', 'WHY'], rows)}`
}

const statusOrder = ['failed', 'leaving', 'alive', 'left']

function membersText({ members, leader, at }: ClusterAnswer): string {
  const sorted = members.toSorted((a, b) => statusOrder.indexOf(a.status) - statusOrder.indexOf(b.status))
  const rows = sorted.map((member) => [
    member.node_name + (member.node_name === leader?.node_name ? ' *' : ''),
    member.status,
    ageText(member.since, at),
    ...loadCells(member),
    member.nats_role,
    member.version,
    member.dkron_api,
  ])
  return formatTable(['NODE', 'STATUS', 'FOR', 'RUNNING', 'TASKS', 'CLOCK', 'NATS', 'VERSION', 'DKRON API'], rows)
}

/** What a node that is not there said last means nothing. */
function loadCells({ status, running, tasks, clock_offset_ms: offset }: MemberAnswer): readonly string[] {
  if (status !== 'alive' && status !== 'leaving') return ['-', '-', '-']
  const clock = offset === null ? '?' : Math.abs(offset) < 100 ? 'ok' : `${(offset / 1000).toFixed(1)} s`
  return [String(running ?? '?'), String(tasks ?? '?'), clock]
}

function natsText(nats: { readonly mode: string } & PartAnswer<NatsAnswer>): string {
  if (nats.error !== null) return ''
  const { servers, streams, meta_leader: leader, replicas_wanted: wanted } = nats
  const led = leader === null ? '' : `, JetStream led by ${leader}`
  const head = `NATS ${nats.mode}: ${servers.length} ${noun(servers.length, 'server')}, ${wanted} ${wanted === 1 ? 'copy' : 'copies'} of each stream${led}`
  const rows = servers
    .toSorted((a, b) => Number(a.reachable) - Number(b.reachable))
    .map((server) => [
      server.name,
      server.node_name === '' ? '-' : server.node_name,
      server.reachable ? 'up' : 'DOWN',
      server.version ?? '?',
    ])
  return `${printable(head)}\n${formatTable(['SERVER', 'NODE', 'STATE', 'VERSION'], rows)}${streamsText(
    streams,
    servers.some((server) => !server.reachable),
  )}`
}

/** The streams in trouble each, and the others in one line; a copy on a server that is down is no trouble of its own. */
function streamsText(streams: readonly StreamAnswer[], isServerDown: boolean): string {
  if (streams.length === 0) return ''
  const ill = streams.filter((stream) => isIll(stream) || (!isServerDown && lacksCopies(stream)))
  const lacking = streams.filter(lacksCopies).length
  const bytes = streams.reduce((sum, stream) => sum + stream.bytes, 0)
  const sum = `\n${streams.length} ${noun(streams.length, 'stream')}, ${sizeText(bytes)}, ${lacking} with fewer copies than wanted`
  if (ill.length === 0) return sum
  const rows = ill
    .slice(0, mostStreams)
    .map((stream) => [
      stream.name,
      stream.leader ?? 'NONE',
      `${stream.replicas_current} of ${stream.replicas_wanted}`,
      String(stream.replica_lag),
      String(stream.messages),
      sizeText(stream.bytes) + (stream.limit_bytes === null ? '' : ` of ${sizeText(stream.limit_bytes)}`),
    ])
  const more = ill.length > mostStreams ? `\nand ${ill.length - mostStreams} more` : ''
  return `${sum}\n${formatTable(['STREAM', 'LEADER', 'COPIES', 'BEHIND', 'MESSAGES', 'SIZE'], rows)}${more}`
}

function isIll({ leader, bytes, limit_bytes: limit }: StreamAnswer): boolean {
  return leader === null || (limit !== null && bytes >= 0.8 * limit)
}

function lacksCopies(stream: StreamAnswer): boolean {
  return stream.replicas_current < stream.replicas_wanted
}

function ago(since: string | null, at: string): string {
  return since === null ? '' : ` for ${ageText(since, at)}`
}

/** The largest unit: `3d`, `4h`, `15m`, `12s`; `?` when it is not known since when. */
function ageText(since: string | null, at: string): string {
  if (since === null) return '?'
  const seconds = Math.max(0, Math.round((Date.parse(at) - Date.parse(since)) / 1000))
  if (seconds < 120) return `${seconds}s`
  if (seconds < 7_200) return `${Math.floor(seconds / 60)}m`
  return seconds < 172_800 ? `${Math.floor(seconds / 3_600)}h` : `${Math.floor(seconds / 86_400)}d`
}

function shortTime(instant: string | null): string {
  return instant === null ? '?' : instant.slice(0, 19).replace('T', ' ')
}

function noun(count: number, word: string): string {
  return count === 1 ? word : `${word}s`
}
