/** Members of the cluster: the agents, as the others see them. */

export type MemberStatus = 'alive' | 'leaving' | 'left' | 'failed'

/**
 * A node's part in the embedded NATS cluster: it runs one of its servers, it could run one, or it never does (the user
 * runs NATS, or others could not reach it).
 */
export type NatsRole = 'server' | 'spare' | 'client'

/** How busy a node is. */
export interface NodeLoad {
  /** Commands that run or wait to be started. */
  readonly running: number
  /** Processes of replication tasks. */
  readonly tasks: number
  /** Room on the disk of its data directory, in bytes; undefined where it is not known. */
  readonly freeBytes?: number | undefined
  /** It could not take its last order, say because its disk is full. Absent, from an earlier version: it can. */
  readonly refusesOrders?: boolean
}

export interface Member {
  /** A UUID made at the first start with a data directory; what `NodeId` of a replication task names. */
  readonly nodeId: string
  /** Unique in the cluster; by default the host's name. */
  readonly nodeName: string
  readonly status: MemberStatus
  /** It said that it does not come back; so nobody waits for it any more. Absent: nothing of the kind. */
  readonly leavesForGood?: boolean
  /** Where its APIs answer, without port. */
  readonly address: string
  readonly dkronPort: number
  readonly udupPort: number
  readonly natsPort: number
  /** Where the other servers of an embedded cluster reach this one's. */
  readonly natsRoutePort: number
  readonly natsRole: NatsRole
  /** The user's own tags. */
  readonly tags: Readonly<Record<string, string>>
  readonly version: string
  readonly startedAt: number
}

/** One reign of a leader. */
export interface Term {
  /** Grows with every change of leader; fences what an older leader still tries. */
  readonly number: number
  readonly leaderName: string
}

/** What every API needs to know of the cluster. */
export interface ClusterView {
  readonly self: Member
  members(): readonly Member[]
  leader(): Member | null
}

/** What runs only while this node leads. `lead` returns or throws once `signal` aborts. */
export interface LeaderDuty {
  readonly name: string
  lead(term: Term, signal: AbortSignal): Promise<void>
}
