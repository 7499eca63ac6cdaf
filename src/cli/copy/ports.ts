/** What `millrace copy` needs from whoever can copy and compare: the agent's parts, which this folder may not know. */
import type { SchemaFilter } from '../../model/replication-job.ts'

export interface CopyServer {
  readonly host: string
  readonly port: number
  readonly user: string
  /** In clear; never printed. */
  readonly password: string
}

export interface CopyPlan {
  readonly from: CopyServer
  readonly to: CopyServer
  /** Empty: all schemas of users. */
  readonly include: readonly SchemaFilter[]
  readonly exclude: readonly SchemaFilter[]
  readonly dropsTables: boolean
  /** Sessions with either server, 1 to 64. */
  readonly threads: number
}

export interface CopyEngine {
  /** Looks at both servers; changes nothing. What goes wrong is in the answer. */
  look(plan: CopyPlan): Promise<CopyLook>
  /**
   * Takes a folder for the copy; nothing runs yet.
   *
   * @param workDir null: a temporary one
   * @throws errors about that folder
   */
  open(plan: CopyPlan, workDir: string | null): Promise<CopyRun>
}

export interface CopyFinding {
  readonly severity: 'error' | 'warning' | 'note'
  readonly text: string
  readonly advice: string
  readonly cureSql: string | null
  readonly cureConfig: string | null
}

export interface ServerLook {
  /** `host:port` */
  readonly where: string
  readonly vendor: 'mysql' | 'mariadb' | null
  readonly version: string | null
  /** Why it cannot be used at all, and what to do; null when it was looked at. */
  readonly failure: string | null
  readonly findings: readonly CopyFinding[]
}

export interface LookedTable {
  readonly schema: string
  readonly name: string
  readonly kind: 'table' | 'view' | 'sequence'
  /** Estimates of the source. */
  readonly rows: number
  readonly bytes: number
  readonly hasKey: boolean | null
  /** Estimate of the rows that the target has under this name; null: no such table. */
  readonly rowsAtTarget: number | null
}

export interface CopyLook {
  readonly from: ServerLook
  readonly to: ServerLook
  /** What would be copied. */
  readonly tables: readonly LookedTable[]
  /** False when there are more than could be listed. */
  readonly hasAllTables: boolean
}

export interface CopyAmounts {
  readonly rowsDone: number
  readonly rowsTotal: number
  readonly bytesDone: number
  readonly bytesTotal: number
}

export interface TableAmounts extends CopyAmounts {
  readonly schema: string
  readonly table: string
  readonly isDone: boolean
}

export interface CopyProgress {
  readonly stage: 'starting' | 'full' | 'incremental'
  readonly description: string
  /** What hinders it and passes by itself; null when nothing does. */
  readonly hindrance: string | null
  readonly copied: CopyAmounts
  readonly tables: readonly TableAmounts[]
  readonly rowsPerSecond: number
  readonly bytesPerSecond: number
  readonly transactionsPerSecond: number
  readonly transactionsTotal: number
  readonly ddlTotal: number
  readonly lagMs: number | null
  readonly etaMs: number | null
  readonly position: string
}

export interface CompareProgress {
  readonly schema: string
  readonly table: string
  readonly rowsDone: number
  readonly rowsTotal: number
  readonly isDone: boolean
}

export interface SideFigures {
  readonly rows: number
  readonly hash: string
}

export interface ComparedTable {
  readonly schema: string
  readonly table: string
  readonly verdict: 'equal' | 'different' | 'only-source' | 'only-target' | 'unsettled'
  readonly source: SideFigures | null
  readonly target: SideFigures | null
  readonly missing: number
  readonly extra: number
  readonly changed: number
  readonly unsettled: number
  readonly keyColumns: readonly string[]
  readonly firstDiffering: readonly {
    readonly difference: 'missing' | 'extra' | 'changed'
    readonly key: readonly string[]
  }[]
  readonly notes: readonly string[]
}

export interface CopyComparison {
  readonly tables: readonly ComparedTable[]
  readonly isEqual: boolean
  readonly durationMs: number
}

export interface CopyStop {
  /** Of the source, up to which the target has everything; empty when it is not known. */
  readonly position: string
  /** What could not be removed, in words; empty for nothing. */
  readonly leftovers: string
}

export interface CopyRun {
  /** True when an earlier run began it. */
  readonly isResumed: boolean
  /** Begins, or goes on. `onProgress` is told some times a second. */
  start(onProgress: (progress: CopyProgress) => void): Promise<void>
  /** Rejects with what has to be cured before the copy can go on. */
  readonly failed: Promise<never>
  /** Resolves when the target has everything that the source had committed by the time of the call. */
  caughtUp(signal: AbortSignal): Promise<void>
  /** While the changes still flow. */
  compare(onProgress: (progress: CompareProgress) => void, signal: AbortSignal): Promise<CopyComparison>
  /** Ends at a transaction boundary. @param isOver nobody will go on with it: nothing is left behind */
  stop(isOver: boolean): Promise<CopyStop>
}
