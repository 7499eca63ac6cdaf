/** What a connection check is asked and what it tells: types only. */
import type { SchemaFilter, TaskRole } from '../../model/replication-job.ts'
import type { TableSummary } from '../../mysql/table-definition.ts'
import type { ServerEndpoint } from '../task-context.ts'
import type { Finding } from './finding.ts'

export interface CheckRequest {
  readonly role: TaskRole
  readonly server: ServerEndpoint
  /** What is to be replicated; empty: all schemas of users. */
  readonly include: readonly SchemaFilter[]
  readonly exclude: readonly SchemaFilter[]
  /** Target: the tables must be there already. */
  readonly skipsCreation: boolean
}

export type CheckFailureKind =
  | 'refused'
  | 'unknown-host'
  | 'unreachable'
  | 'access-denied'
  | 'tls-required'
  | 'too-slow'
  | 'no-room'
  | 'no-mysql'
  | 'unsupported'
  | 'no-password'
  | 'lost'
  | 'failed'

export interface CheckFailure {
  readonly kind: CheckFailureKind
  /** What is wrong, and what to do. */
  readonly text: string
}

export interface CheckedTable {
  readonly name: string
  readonly kind: TableSummary['kind']
  readonly rowsEstimate: number
  readonly bytes: number
  readonly engine: string
  /** Null: not looked at, for want of time, or no table. */
  readonly hasKey: boolean | null
}

export interface CheckedSchema {
  readonly name: string
  readonly tables: readonly CheckedTable[]
}

export interface ConnectionCheck {
  /** True once the server has let the account in. */
  readonly isReachable: boolean
  readonly failure: CheckFailure | null
  readonly vendor: 'mysql' | 'mariadb' | null
  readonly version: string | null
  /** What the server took the user for, quoted as GRANT wants it. */
  readonly account: string | null
  /** The server's own settings that matter, by name. */
  readonly settings: Readonly<Record<string, string>>
  /** The worst first. */
  readonly findings: readonly Finding[]
  readonly schemas: readonly CheckedSchema[]
  /** False when there are more tables, or no time was left to list them. */
  readonly hasAllTables: boolean
}
