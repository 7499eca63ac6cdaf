/** Reads one task of a job, with its Config. */
import type { TaskRole } from '../../model/replication-job.ts'
import type { TaskDraft } from '../../replication/service/job-draft.ts'
import type { FieldReader } from '../shared/field-reader.ts'
import type { JobIssues } from './job-issues.ts'
import { readConnection, unreadServer } from './read-connection.ts'
import { readFilters } from './read-filters.ts'

export interface GivenTask {
  /** Null when Type is not one of the two, which is noted. */
  readonly role: TaskRole | null
  /** `Tasks[0]`; null for one that is missing. */
  readonly path: string | null
  readonly draft: TaskDraft
  /** Undefined: not given. Null: the cluster's own. */
  readonly natsAddress: string | null | undefined
}

export interface NatsAddresses {
  /** True for an address, `host:port`, at which the cluster's own NATS answers. */
  isClusters(address: string): boolean
}

/** As the original's documentation gives them, but for frames: a store that syncs each message asks for larger ones. */
const defaults = { parallelWorkers: 4, bufferedMessages: 600, frameBytes: 262_144 }

export function readTask(task: FieldReader, issues: JobIssues, nats: NatsAddresses): GivenTask {
  const role = task.text('Type', '"Src" or "Dest"', parseRole)
  requireField(task, 'Type', role)
  requireField(
    task,
    'Driver',
    task.text('Driver', '"MySQL"', (text) => (/^mysql$/i.test(text) ? text : null)),
  )
  const nodeId = task.string('NodeId')
  const config = issues.requiredObject(task, 'Config')
  const draft = config === null ? emptyTask(role ?? 'source') : readConfig(role ?? 'source', config, issues)
  return {
    role: role ?? null,
    path: task.pathOf('').slice(0, -1),
    draft: { ...draft, nodeId: nodeId === '' ? null : (nodeId ?? null) },
    natsAddress: config === null ? undefined : readNatsAddress(config, issues, nats),
  }
}

/** Stands for a task or a Config that is missing, which was noted: the check of the draft finds nothing new in it. */
export function emptyTask(role: TaskRole): TaskDraft {
  return {
    role,
    nodeId: null,
    driver: 'MySQL',
    server: unreadServer,
    natsAddress: null,
    ...defaults,
    gtid: null,
    include: [],
    exclude: [],
    forceSql: false,
    dropTableIfExists: false,
    skipCreateTable: false,
  }
}

function readConfig(role: TaskRole, config: FieldReader, issues: JobIssues): TaskDraft {
  return {
    role,
    nodeId: null,
    driver: 'MySQL',
    server: readConnection(config, issues),
    natsAddress: null,
    parallelWorkers: config.integer('ParallelWorkers', numberUpTo(64)) ?? defaults.parallelWorkers,
    gtid: config.string('Gtid')?.trim() || null,
    bufferedMessages: config.integer('ReplChanBufferSize', numberUpTo(1_000_000)) ?? defaults.bufferedMessages,
    frameBytes: config.integer('MsgBytesLimit', numberUpTo(1_073_741_824)) ?? defaults.frameBytes,
    include: readFilters(config, 'ReplicateDoDb'),
    exclude: readFilters(config, 'ReplicateIgnoreDb'),
    forceSql: config.boolean('ApproveHeterogeneous') ?? false,
    dropTableIfExists: config.boolean('DropTableIfExists') ?? false,
    skipCreateTable: config.boolean('SkipCreateDbTable') ?? false,
  }
}

function parseRole(text: string): TaskRole | null {
  if (/^src$/i.test(text)) return 'source'
  return /^dest$/i.test(text) ? 'target' : null
}

function numberUpTo(max: number): { min: number; max: number; allowText: boolean } {
  return { min: 1, max, allowText: true }
}

function requireField(reader: FieldReader, name: string, value: unknown): void {
  if (value === null || (value === undefined && !reader.has(name))) reader.fail(name, 'must be given')
}

function readNatsAddress(config: FieldReader, issues: JobIssues, nats: NatsAddresses): string | null | undefined {
  const given = config.any('NatsAddr')
  if (given === undefined || given === null || given === '') return undefined
  const address = typeof given === 'string' ? given.trim().replace(/^nats:\/\//i, '') : ''
  if (/^(\[[0-9a-f:.]+\]|[^\s/@:]+):\d{1,5}$/i.test(address)) return nats.isClusters(address) ? null : address
  issues.note(config.pathOf('NatsAddr'), 'must be host:port of a NATS server, without user and password')
  return undefined
}
