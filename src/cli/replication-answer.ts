/** What `/ops/replication-jobs` answers, as far as it is printed; docs/ops-api.md has it all. */

export interface ServerAnswer {
  readonly host: string
  readonly port: number
  readonly user: string
  readonly node_name: string | null
}

export interface ReplicationBrief {
  readonly id: string
  readonly name: string
  readonly type: string
  readonly status: string
  readonly description: string
  readonly stage: string
  readonly lag_ms: number | null
  readonly rows_copied: number
  readonly rows_total: number
  readonly eta_ms: number | null
  readonly rows_per_second: number
  readonly transactions_per_second: number
  readonly bytes_per_second: number
  readonly backlog_bytes: number | null
  readonly source: ServerAnswer
  readonly target: ServerAnswer
}

export interface TaskAnswer {
  readonly node_name: string | null
  readonly is_running: boolean
  readonly stage: string
  readonly description: string
  readonly position: string
  readonly strategy: string | null
}

export interface TableAnswer {
  readonly schema: string
  readonly name: string
  readonly rows_copied: number
  readonly rows_total: number
  readonly rows_per_second: number | null
  readonly eta_ms: number | null
  readonly is_done: boolean
}

export interface ProblemAnswer {
  readonly role: string
  readonly code: string
  readonly message: string
  readonly cure: string | null
  readonly at: string
  readonly is_current: boolean
}

export interface ReplicationAnswer extends ReplicationBrief {
  readonly tasks: { readonly source: TaskAnswer; readonly target: TaskAnswer }
  readonly copy: {
    readonly tables: number
    readonly tables_done: number
    readonly rows_copied: number
    readonly rows_total: number
    readonly bytes_copied: number
    readonly bytes_total: number
  }
  readonly tables: readonly TableAnswer[]
  readonly problems: readonly ProblemAnswer[]
}
