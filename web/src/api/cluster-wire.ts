/** What `GET /ops/cluster` answers. Instants are RFC 3339 in UTC; null is what is not known. */

export type Severity = 'critical' | 'warning' | 'note'

export interface ClusterWarning {
  readonly severity: Severity
  readonly text: string
}

export type MemberStatus = 'alive' | 'leaving' | 'left' | 'failed'

export interface ClusterMember {
  readonly node_name: string
  readonly node_id: string
  readonly status: MemberStatus
  readonly since: string | null
  readonly address: string
  readonly dkron_api: string
  readonly udup_api: string
  readonly nats_role: string
  readonly tags: Readonly<Record<string, string>>
  readonly version: string
  readonly started_at: string | null
  readonly running: number | null
  readonly tasks: number | null
  readonly free_bytes: number | null
  /** Of its wall clock against the time that the cluster schedules by. */
  readonly clock_offset_ms: number | null
}

export interface NatsServer {
  readonly name: string
  readonly node_name: string
  readonly version: string | null
  readonly reachable: boolean
}

export interface NatsStream {
  readonly name: string
  readonly leader: string | null
  readonly replicas_wanted: number
  readonly replicas_current: number
  readonly replica_lag: number
  readonly consumer_lag: number | null
  readonly messages: number
  readonly bytes: number
  readonly limit_bytes: number | null
}

/** A part that could not be read has nothing but `error`. */
export type Part<Values> = ({ readonly error: null } & Values) | { readonly error: string }

export type NatsPart = { readonly mode: 'embedded' | 'outside' } & Part<{
  readonly meta_leader: string | null
  readonly replicas_wanted: number
  readonly replicas_present: number | null
  readonly servers: readonly NatsServer[]
  readonly streams: readonly NatsStream[]
}>

export interface FailingJob {
  readonly name: string
  readonly outcome: string | null
  readonly reason: string
  readonly exit_code: number | null
  readonly node_name: string
  readonly scheduled_at: string | null
  readonly finished_at: string | null
}

export interface TroubledReplication {
  readonly id: string
  readonly name: string
  readonly status: string
  readonly description: string
}

export interface ClusterAnswer {
  readonly state: 'healthy' | 'attention'
  readonly asked_node: string
  readonly at: string
  readonly warnings: readonly ClusterWarning[]
  readonly leader: { readonly node_name: string; readonly term: number; readonly since: string | null } | null
  readonly members: readonly ClusterMember[]
  readonly nats: NatsPart
  readonly jobs: {
    readonly scheduled: Part<{
      readonly total: number
      readonly failing: number
      readonly attention: readonly FailingJob[]
    }>
    readonly replication: Part<{ readonly total: number; readonly attention: readonly TroubledReplication[] }>
  }
}
