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

export interface WireTable {
  readonly TableSchema: string
  readonly TableName: string
  readonly RowsDone: number
  readonly RowsTotal: number
  readonly BytesDone: number
  readonly BytesTotal: number
  readonly Done: boolean
}

export interface WireProblem {
  readonly Code: string
  readonly Message: string
  readonly Remedy: string
  readonly At: string
}

export interface WireTaskStats {
  readonly Type: 'Src' | 'Dest'
  readonly NodeId: string
  readonly NodeName: string
  readonly Stage: Stage
  readonly Description: string
  readonly RowsDone: number
  readonly RowsTotal: number
  readonly BytesDone: number
  readonly BytesTotal: number
  readonly RowsPerSecond: number
  readonly BytesPerSecond: number
  readonly TransactionsPerSecond: number
  readonly TransactionsTotal: number
  readonly LagMs: number | null
  readonly Position: string
  readonly EtaMs: number | null
  readonly Strategy: string | null
  readonly DdlTotal: number
  readonly QueuedBytes: number
  readonly Tables: readonly WireTable[]
  readonly LastError: WireProblem | null
  readonly At: string | null
}

export interface WireStats {
  readonly ID: string
  readonly Name: string
  readonly Status: JobStatus
  readonly StatusDescription: string
  readonly Tasks: readonly [WireTaskStats, WireTaskStats]
}

export interface WireNode {
  readonly ID: string
  readonly Name: string
  readonly Status: string
  readonly NatsAddr: string
}
