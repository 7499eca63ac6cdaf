/** A replication job as the Udup document gives it, passwords masked. */
import { formatRfc3339 } from '../../core/rfc3339.ts'
import type { ReplicationJob, ReplicationTask, SchemaFilter, ServerAddress } from '../../model/replication-job.ts'
import type { JobStatus } from '../../replication/service/job-status.ts'
import { passwordMask } from '../shared/password-json.ts'

const taskTypes = { source: 'Src', target: 'Dest' } as const

export function taskType(role: ReplicationTask['role']): 'Src' | 'Dest' {
  return taskTypes[role]
}

/** @param clusterNats shown where a job has no address of its own, as clients expect one */
export function jobJson(job: ReplicationJob, { status, description }: JobStatus, clusterNats: string): object {
  return {
    ID: job.id,
    Name: job.name,
    Type: job.kind,
    Status: status,
    StatusDescription: description,
    CreatedAt: formatRfc3339(job.createdAt),
    UpdatedAt: formatRfc3339(job.updatedAt),
    Tasks: [job.source, job.target].map((task) => taskJson(task, clusterNats)),
  }
}

/** What the original's writes answered, for clients that read no more than that. */
export function writeOutcome(revision: number, hasLeader: boolean): object {
  return { Index: revision, KnownLeader: hasLeader, LastContact: 0, Success: true }
}

function taskJson(task: ReplicationTask, clusterNats: string): object {
  return {
    Type: taskType(task.role),
    NodeId: task.nodeId ?? '',
    Driver: task.driver,
    Config: {
      Gtid: task.gtid ?? '',
      NatsAddr: task.natsAddress ?? clusterNats,
      ParallelWorkers: task.parallelWorkers,
      ReplChanBufferSize: task.bufferedMessages,
      MsgBytesLimit: task.frameBytes,
      ReplicateDoDb: task.include.map(filterJson),
      ReplicateIgnoreDb: task.exclude.map(filterJson),
      ApproveHeterogeneous: task.forceSql,
      DropTableIfExists: task.dropTableIfExists,
      SkipCreateDbTable: task.skipCreateTable,
      ConnectionConfig: connectionJson(task.server),
    },
  }
}

function filterJson({ schema, tables }: SchemaFilter): object {
  if (tables.length === 0) return { TableSchema: schema }
  return { TableSchema: schema, Tables: tables.map((table) => ({ TableName: table })) }
}

function connectionJson({ host, port, user }: ServerAddress): object {
  return { Host: host, Port: port, User: user, Key: { Host: host, Port: port }, Password: passwordMask }
}
