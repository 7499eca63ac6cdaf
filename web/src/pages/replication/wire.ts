/**
 * What the Udup API and `/ops/replication-jobs` say, as far as these pages read it.
 *
 * Easy to get wrong: an answer shows every password as the mask, and a job that is sent back with the mask keeps the one
 * that is stored.
 */

export const passwordMask = '********'

export type JobStatus = 'pending' | 'running' | 'pause' | 'dead' | 'complete'
export type JobKind = 'synchronous' | 'migration'
export type Stage = 'starting' | 'full' | 'incremental' | 'complete'
export type Role = 'source' | 'target'

export interface WireFilter {
  readonly TableSchema: string
  readonly Tables?: readonly { readonly TableName: string }[]
}

export interface WireConnection {
  readonly Host?: string
  /** Sent as it was typed where it is no number: the API says what is wrong with it. */
  readonly Port?: number | string
  readonly User?: string
  readonly Password?: string
  readonly Key?: { readonly Host?: string; readonly Port?: number }
}

export interface WireConfig {
  readonly Gtid?: string
  readonly NatsAddr?: string
  readonly ParallelWorkers?: number | string
  readonly ReplChanBufferSize?: number | string
  readonly MsgBytesLimit?: number | string
  readonly ReplicateDoDb?: readonly WireFilter[]
  readonly ReplicateIgnoreDb?: readonly WireFilter[]
  readonly ApproveHeterogeneous?: boolean
  readonly DropTableIfExists?: boolean
  readonly SkipCreateDbTable?: boolean
  readonly ConnectionConfig: WireConnection
}

export interface WireTask {
  readonly Type: 'Src' | 'Dest'
  readonly NodeId?: string
  readonly Driver: string
  readonly Config: WireConfig
}

export interface WireJob {
  readonly ID: string
  readonly Name: string
  readonly Type: JobKind
  readonly Status: JobStatus
  readonly StatusDescription: string
  readonly CreatedAt: string
  readonly UpdatedAt: string
  readonly Tasks: readonly WireTask[]
}

/** What is posted: an answer without what only the server sets. */
export type WireDraft = Pick<WireJob, 'Name' | 'Type' | 'Tasks'> & { readonly ID?: string }

/** A server of a job, and the node that has the task there. */
export interface OpsServer {
  readonly host: string
  readonly port: number
  readonly user: string
  readonly node_id: string | null
  readonly node_name: string | null
}

/** One of `GET /ops/replication-jobs`. */
export interface OpsJob {
  readonly id: string
  readonly name: string
  readonly type: JobKind
  readonly status: JobStatus
  readonly description: string
  readonly stage: Stage
  readonly lag_ms: number | null
  readonly rows_copied: number
  /** An estimate until the copy is over. */
  readonly rows_total: number
  readonly eta_ms: number | null
  readonly rows_per_second: number
  readonly transactions_per_second: number
  readonly bytes_per_second: number
  readonly backlog_bytes: number | null
  readonly source: OpsServer
  readonly target: OpsServer
  readonly created_at: string
  readonly updated_at: string
}

export interface OpsTask {
  readonly node_id: string | null
  readonly node_name: string | null
  readonly is_running: boolean
  readonly stage: Stage
  readonly description: string
  readonly at: string | null
  readonly rows: number
  readonly bytes: number
  readonly transactions: number
  readonly ddl: number
  readonly rows_per_second: number
  readonly bytes_per_second: number
  readonly transactions_per_second: number
  readonly lag_ms: number | null
  readonly eta_ms: number | null
  readonly position: string
  readonly strategy: string | null
  readonly queued_bytes: number
}

export interface OpsTable {
  readonly schema: string
  readonly name: string
  readonly rows_copied: number
  readonly rows_total: number
  readonly bytes_copied: number
  readonly bytes_total: number
  readonly rows_per_second: number | null
  readonly bytes_per_second: number | null
  readonly eta_ms: number | null
  readonly is_done: boolean
}

export interface OpsCopy {
  readonly tables: number
  readonly tables_done: number
  readonly rows_copied: number
  readonly rows_total: number
  readonly bytes_copied: number
  readonly bytes_total: number
}

export interface OpsProblem {
  readonly role: Role
  readonly code: string
  readonly remedy: string
  readonly message: string
  readonly cure: string | null
  readonly at: string
  readonly is_current: boolean
}

export interface OpsDdl {
  readonly at: string
  readonly schema: string
  readonly sql: string
  readonly outcome: string
}

/** `GET /ops/replication-jobs/:id`. */
export interface OpsJobDetails extends OpsJob {
  readonly tasks: { readonly source: OpsTask; readonly target: OpsTask }
  readonly copy: OpsCopy
  readonly tables: readonly OpsTable[]
  readonly ddl: readonly OpsDdl[]
  readonly problems: readonly OpsProblem[]
  readonly conflicts: readonly OpsProblem[]
  readonly notes: readonly string[]
}

export interface WireNode {
  readonly ID: string
  readonly Name: string
  readonly Status: string
  readonly NatsAddr: string
}

export type Severity = 'error' | 'warning' | 'note'

export interface Finding {
  readonly severity: Severity
  readonly text: string
  /** Statements for an administrator. */
  readonly cure_sql: string | null
  /** Lines for the server's configuration, before a restart. */
  readonly cure_config: string | null
}

export interface FoundTable {
  readonly name: string
  readonly kind: 'table' | 'view' | 'sequence'
  readonly rows_estimate: number | null
  readonly bytes: number | null
  readonly engine: string | null
  readonly has_key: boolean | null
}

export interface FoundSchema {
  readonly name: string
  readonly tables: readonly FoundTable[]
}

/** `POST /ops/connection-check`. */
export interface ConnectionAnswer {
  readonly reachable: boolean
  readonly error: string | null
  readonly error_kind: string | null
  readonly checked_from: string
  readonly vendor: 'mysql' | 'mariadb' | null
  readonly version: string | null
  readonly account: string | null
  readonly settings: Readonly<Record<string, unknown>>
  readonly findings: readonly Finding[]
  readonly schemas: readonly FoundSchema[]
  readonly has_all_tables: boolean
}

/** `POST /udup/v1/check/job`: what a save would do. */
export interface SavePreview {
  readonly Exists: boolean
  readonly Changed: boolean
  readonly PasswordsChanged: readonly string[]
  readonly Unknown: readonly string[]
  readonly Warnings: readonly string[]
  readonly Job: WireJob
}
