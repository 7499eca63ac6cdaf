/** A job as the form holds it: new, or read from a stored one. `job-json.ts` leads back. */
import type { JobKind, WireConfig, WireFilter, WireJob, WireTask } from '../wire.ts'
import { everything, nothing, type Rule, type Scope } from './scope.ts'

/** `kept`: the stored one; only where there is one. */
export type PasswordKind = 'kept' | 'typed' | 'environment' | 'file'

export interface ServerDraft {
  readonly host: string
  readonly port: string
  readonly user: string
  readonly passwordKind: PasswordKind
  /** The password, the variable's name, or the file's path. */
  readonly password: string
  /** What the stored password is for; null: there is none. */
  readonly storedFor: string | null
}

/** A stored password goes to this server and account alone. */
export function passwordPlace({ host, port, user }: Pick<ServerDraft, 'host' | 'port' | 'user'>): string {
  return `${user} at ${host.trim()}:${port.trim()}`
}

export interface TaskDraft {
  readonly server: ServerDraft
  /** Empty: the cluster places it. */
  readonly nodeId: string
  readonly workers: string
  /** What the form has no field for. */
  readonly rest: Readonly<Record<string, unknown>>
}

export interface JobDraft {
  /** Null: a new one. */
  readonly id: string | null
  readonly name: string
  readonly kind: JobKind
  readonly source: TaskDraft
  readonly target: TaskDraft
  readonly scope: Scope
  readonly start: Start
  /** Where `position` begins. */
  readonly gtid: string
  readonly bufferedMessages: string
  readonly frameBytes: string
  /** Empty: the cluster's. */
  readonly natsAddress: string
  readonly forceSql: boolean
  readonly existing: ExistingTables
}

/** `copy`: a full copy, then the changes. `position`: the changes behind a position alone. */
export type Start = 'copy' | 'position'

/** What becomes of tables that are at the target already. */
export type ExistingTables = 'refuse' | 'drop' | 'fill'

const newTask: TaskDraft = {
  server: { host: '', port: '3306', user: '', passwordKind: 'typed', password: '', storedFor: null },
  nodeId: '',
  workers: '4',
  rest: {},
}

export const newDraft: JobDraft = {
  id: null,
  name: '',
  kind: 'synchronous',
  source: newTask,
  target: newTask,
  scope: nothing,
  start: 'copy',
  gtid: '',
  bufferedMessages: '600',
  frameBytes: '262144',
  natsAddress: '',
  forceSql: false,
  existing: 'refuse',
}

/** @param clusterNats addresses at which the cluster's own NATS answers; an answer shows one where a job has none */
export function draftOf(job: WireJob, clusterNats: readonly string[]): JobDraft {
  const source = taskOf(job, 'Src')
  const target = taskOf(job, 'Dest')
  const [from, to] = [source?.Config, target?.Config]
  const nats = from?.NatsAddr ?? ''
  return {
    id: job.ID,
    name: job.Name,
    kind: job.Type,
    source: taskDraft(source),
    target: taskDraft(target),
    scope: scopeOf(from),
    start: (from?.Gtid ?? '') === '' ? 'copy' : 'position',
    gtid: from?.Gtid ?? '',
    bufferedMessages: String(from?.ReplChanBufferSize ?? newDraft.bufferedMessages),
    frameBytes: String(from?.MsgBytesLimit ?? newDraft.frameBytes),
    natsAddress: clusterNats.includes(nats) ? '' : nats,
    forceSql: to?.ApproveHeterogeneous ?? false,
    existing: existingOf(to),
  }
}

function taskOf(job: WireJob, type: 'Src' | 'Dest'): WireTask | undefined {
  return job.Tasks.find((task) => task.Type === type)
}

function taskDraft(task: WireTask | undefined): TaskDraft {
  if (task === undefined) return newTask
  const { ConnectionConfig: connection, ParallelWorkers: workers, ...rest } = task.Config
  const place = {
    host: connection.Host ?? connection.Key?.Host ?? '',
    port: String(connection.Port ?? connection.Key?.Port ?? ''),
    user: connection.User ?? '',
  }
  return {
    server: { ...place, passwordKind: 'kept', password: '', storedFor: passwordPlace(place) },
    nodeId: task.NodeId ?? '',
    workers: String(workers ?? newTask.workers),
    rest,
  }
}

function scopeOf(config: WireConfig | undefined): Scope {
  const include = (config?.ReplicateDoDb ?? []).map(ruleOf)
  const exclude = (config?.ReplicateIgnoreDb ?? []).map(ruleOf)
  return { ...(include.length === 0 ? everything : nothing), include, exclude }
}

function ruleOf({ TableSchema, Tables }: WireFilter): Rule {
  return { schema: TableSchema, tables: (Tables ?? []).map(({ TableName }) => TableName) }
}

function existingOf(config: WireConfig | undefined): ExistingTables {
  if (config?.DropTableIfExists === true) return 'drop'
  return config?.SkipCreateDbTable === true ? 'fill' : 'refuse'
}

export function isChanged(before: JobDraft, after: JobDraft): boolean {
  return JSON.stringify(before) !== JSON.stringify(after)
}
