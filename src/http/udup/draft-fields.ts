/** The names of a draft's fields in the JSON, for problems that the domain found. */
import type { TaskRole } from '../../model/replication-job.ts'

const taskFields: Readonly<Record<string, string>> = {
  nodeId: 'NodeId',
  gtid: 'Config.Gtid',
  natsAddress: 'Config.NatsAddr',
  server: 'Config.ConnectionConfig',
  'server.host': 'Config.ConnectionConfig.Host',
  'server.port': 'Config.ConnectionConfig.Port',
  'server.user': 'Config.ConnectionConfig.User',
  'server.password': 'Config.ConnectionConfig.Password',
  parallelWorkers: 'Config.ParallelWorkers',
  bufferedMessages: 'Config.ReplChanBufferSize',
  frameBytes: 'Config.MsgBytesLimit',
}

const jobFields: Readonly<Record<string, string>> = { id: 'ID', name: 'Name', kind: 'Type' }

/**
 * @param field `source.server.port`, `name`, `source.include[0].tables[1]`
 * @param paths of the two tasks, `Tasks[0]`; null for one that is missing
 * @returns null for what is in a missing task
 */
export function wireField(field: string, paths: Readonly<Record<TaskRole, string | null>>): string | null {
  const match = /^(source|target)\.(.+)$/.exec(field)
  if (match === null) return jobFields[field] ?? field
  const [, role, inside = ''] = match
  const path = paths[role === 'source' ? 'source' : 'target']
  return path === null ? null : `${path}.${taskFields[inside] ?? filterField(inside)}`
}

function filterField(inside: string): string {
  return `Config.${inside
    .replace(/^include/, 'ReplicateDoDb')
    .replace(/^exclude/, 'ReplicateIgnoreDb')
    .replace('.schema', '.TableSchema')
    .replace('.tables', '.Tables')}`
}
