/** The state of the cluster as `GET /ops/cluster` spells it. What could not be read is null, with the reason in `error`. */
import type { Overview } from './overview.ts'
import type { Part } from './part.ts'
import type { NatsState, StreamState } from './ports.ts'
import type { Warning } from './warning.ts'
import { needsAttention } from './warnings.ts'

export function overviewJson(overview: Overview, warnings: readonly Warning[]) {
  const { leader, nats, scheduled, replication } = overview
  return {
    state: needsAttention(overview, warnings) ? 'attention' : 'healthy',
    asked_node: overview.askedNode,
    at: timeText(overview.at),
    warnings,
    leader:
      leader === null
        ? null
        : { node_name: leader.term.leaderName, term: leader.term.number, since: timeText(leader.sinceAt) },
    members: overview.members.map(memberStateJson),
    nats: { mode: overview.isNatsEmbedded ? 'embedded' : 'outside', ...partJson(nats, natsJson) },
    jobs: {
      scheduled: partJson(scheduled, ({ total, failing, attention }) => ({
        total,
        failing,
        attention: attention.map(({ details, execution }) => ({
          name: details.job.name,
          outcome: execution?.outcome ?? null,
          reason: execution?.reason ?? '',
          exit_code: execution?.exitCode ?? null,
          node_name: execution?.nodeName ?? '',
          scheduled_at: timeText(execution?.scheduledAt ?? null),
          finished_at: timeText(execution?.finishedAt ?? details.counters.lastErrorAt),
        })),
      })),
      replication: partJson(replication, ({ total, attention }) => ({
        total,
        attention: attention.map(({ job, status }) => ({
          id: job.id,
          name: job.name,
          status: status.status,
          description: status.description,
        })),
      })),
    },
  }
}

function memberStateJson({ member, sinceAt, load, clockOffsetMs }: Overview['members'][number]) {
  const host = member.address.includes(':') ? `[${member.address}]` : member.address
  return {
    node_name: member.nodeName,
    node_id: member.nodeId,
    status: member.status,
    since: timeText(sinceAt),
    address: member.address,
    dkron_api: `${host}:${member.dkronPort}`,
    udup_api: `${host}:${member.udupPort}`,
    nats_role: member.natsRole,
    tags: member.tags,
    version: member.version,
    started_at: timeText(member.startedAt),
    running: load?.running ?? null,
    tasks: load?.tasks ?? null,
    free_bytes: load?.freeBytes ?? null,
    clock_offset_ms: clockOffsetMs,
  }
}

function natsJson({ servers, metaLeader, replicasWanted, streams }: NatsState) {
  return {
    meta_leader: metaLeader,
    replicas_wanted: replicasWanted,
    replicas_present: streams.length === 0 ? null : Math.min(...streams.map((stream) => stream.replicasCurrent)),
    servers: servers.map((server) => ({
      name: server.name,
      node_name: server.nodeName,
      version: server.version,
      reachable: server.isReachable,
    })),
    streams: streams.map(streamJson),
  }
}

function streamJson(stream: StreamState) {
  return {
    name: stream.name,
    leader: stream.leader,
    replicas_wanted: stream.replicasWanted,
    replicas_current: stream.replicasCurrent,
    replica_lag: stream.replicaLag,
    consumer_lag: stream.consumerLag,
    messages: stream.messages,
    bytes: stream.bytes,
    limit_bytes: stream.limitBytes,
  }
}

function partJson<Value, Json extends object>(part: Part<Value>, json: (value: Value) => Json) {
  return part.kind === 'read' ? { error: null, ...json(part.value) } : { error: part.reason }
}

function timeText(atMs: number | null): string | null {
  return atMs === null ? null : new Date(atMs).toISOString()
}
