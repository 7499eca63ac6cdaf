/** Members of the cluster: the agents, as the others see them. */

export type MemberStatus = 'alive' | 'leaving' | 'left' | 'failed'

export interface Member {
  /** A UUID made at the first start with a data directory; what `NodeId` of a replication task names. */
  readonly nodeId: string
  /** Unique in the cluster; by default the host's name. */
  readonly nodeName: string
  readonly status: MemberStatus
  /** Where its APIs answer, without port. */
  readonly address: string
  readonly dkronPort: number
  readonly udupPort: number
  readonly natsPort: number
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
