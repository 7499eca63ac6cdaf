/**
 * A replication job: a source task that reads one MySQL server and a target task that writes another one.
 *
 * Easy to get wrong: passwords are never in this type as they were typed; see `Secret`.
 */

/** `synchronous`: copy, then every change for ever. `migration`: copy, catch up once, end `complete`. */
export type ReplicationKind = 'synchronous' | 'migration'

export type TaskRole = 'source' | 'target'

/** The words of the Udup API. */
export type ReplicationStatus = 'pending' | 'running' | 'pause' | 'dead' | 'complete'

/** Where a password comes from. `sealed` is encrypted with the data directory's key; the others are read at use. */
export type Secret =
  | { readonly kind: 'sealed'; readonly box: string }
  | { readonly kind: 'environment'; readonly name: string }
  | { readonly kind: 'file'; readonly path: string }

export interface ServerAddress {
  readonly host: string
  readonly port: number
  readonly user: string
  readonly password: Secret
}

/** A name as it is, one with `*` and `?`, or `/regex/`. */
export type NamePattern = string

/** One entry of ReplicateDoDb or ReplicateIgnoreDb. No tables: the whole schema. */
export interface SchemaFilter {
  readonly schema: NamePattern
  readonly tables: readonly NamePattern[]
}

export interface ReplicationTask {
  readonly role: TaskRole
  /** Fixed by the user, or null: the cluster places it. */
  readonly nodeId: string | null
  readonly driver: 'MySQL'
  readonly server: ServerAddress
  /** Another NATS for this job's stream, or null: the cluster's. */
  readonly natsAddress: string | null
  /** Sessions: readers of chunks at the source, writers at the target. 1 to 64. */
  readonly parallelWorkers: number
  /** Source: transactions already executed; null: full copy first. */
  readonly gtid: string | null
  /** Source: messages buffered before back-pressure. */
  readonly bufferedMessages: number
  /** Source: wanted size of a frame in bytes. */
  readonly frameBytes: number
  /** Source: what to replicate; empty: all user schemas. */
  readonly include: readonly SchemaFilter[]
  readonly exclude: readonly SchemaFilter[]
  /** Target: SQL rather than raw row images. */
  readonly forceSql: boolean
  readonly dropTableIfExists: boolean
  readonly skipCreateTable: boolean
}

export interface ReplicationJob {
  readonly id: string
  readonly name: string
  readonly kind: ReplicationKind
  readonly source: ReplicationTask
  readonly target: ReplicationTask
  readonly isPaused: boolean
  readonly createdAt: number
  readonly updatedAt: number
}
