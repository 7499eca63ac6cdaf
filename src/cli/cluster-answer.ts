/** What `GET /ops/cluster` answers, as far as it is printed. */

export interface WarningAnswer {
  readonly severity: 'critical' | 'warning' | 'note'
  readonly text: string
}

export interface MemberAnswer {
  readonly node_name: string
  readonly status: string
  readonly since: string | null
  readonly dkron_api: string
  readonly nats_role: string
  readonly version: string
  readonly running: number | null
  readonly tasks: number | null
  readonly clock_offset_ms: number | null
}

export interface StreamAnswer {
  readonly name: string
  readonly leader: string | null
  readonly replicas_wanted: number
  readonly replicas_current: number
  readonly replica_lag: number
  readonly messages: number
  readonly bytes: number
  readonly limit_bytes: number | null
}

/** A part that could not be read has nothing but its `error`. */
export type PartAnswer<Value> = ({ readonly error: null } & Value) | { readonly error: string }

export interface NatsAnswer {
  readonly meta_leader: string | null
  readonly replicas_wanted: number
  readonly servers: readonly {
    readonly name: string
    readonly node_name: string
    readonly version: string | null
    readonly reachable: boolean
  }[]
  readonly streams: readonly StreamAnswer[]
}

export interface ScheduledAnswer {
  readonly total: number
  readonly failing: number
  readonly attention: readonly {
    readonly name: string
    readonly outcome: string | null
    readonly reason: string
    readonly exit_code: number | null
    readonly node_name: string
    readonly finished_at: string | null
  }[]
}

export interface ReplicationAnswer {
  readonly total: number
  readonly attention: readonly { readonly name: string; readonly status: string; readonly description: string }[]
}

export interface ClusterAnswer {
  readonly state: 'healthy' | 'attention'
  readonly asked_node: string
  readonly at: string
  readonly warnings: readonly WarningAnswer[]
  readonly leader: { readonly node_name: string; readonly term: number; readonly since: string | null } | null
  readonly members: readonly MemberAnswer[]
  readonly nats: { readonly mode: string } & PartAnswer<NatsAnswer>
  readonly jobs: {
    readonly scheduled: PartAnswer<ScheduledAnswer>
    readonly replication: PartAnswer<ReplicationAnswer>
  }
}
