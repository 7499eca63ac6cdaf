/** What the state of the cluster is read from; `agent` wires it. Everything may be slow or fail: the answer says so. */
import type { Clock } from '../../core/clock.ts'
import type { Execution } from '../../model/execution.ts'
import type { ClusterView, NodeLoad, Term } from '../../model/member.ts'
import type { ReplicationJob } from '../../model/replication-job.ts'
import type { JobStatus } from '../../replication/service/job-status.ts'
import type { JobDetails } from '../../schedule/job-service.ts'

/** What a node tells of itself besides being there; null where this node has not heard it. */
export interface NodeReport {
  readonly load: NodeLoad | null
  /** How far its wall clock is ahead of the time that the cluster schedules by, in milliseconds; negative: behind. */
  readonly clockOffsetMs: number | null
}

export interface NatsServerState {
  readonly name: string
  /** The node whose server it is; empty for one that the user runs. */
  readonly nodeName: string
  /** Null when it is not known, for example because it does not answer. */
  readonly version: string | null
  readonly isReachable: boolean
}

export interface StreamState {
  readonly name: string
  readonly replicasWanted: number
  /** Copies that are up to date, the leader's among them. */
  readonly replicasCurrent: number
  /** Name of the server that leads it; null while none does. */
  readonly leader: string | null
  readonly messages: number
  readonly bytes: number
  /** Null: limited by the disk alone. */
  readonly limitBytes: number | null
  /** Operations that the slowest copy is behind. */
  readonly replicaLag: number
  /** Messages that the slowest of its durable readers has not had yet; null when there is none. */
  readonly consumerLag: number | null
}

export interface NatsState {
  readonly servers: readonly NatsServerState[]
  /** The server that leads JetStream; null when there is none, or only one server, or it is not known. */
  readonly metaLeader: string | null
  /** Copies that each stream should have now. */
  readonly replicasWanted: number
  /** Why the servers could not be made a cluster the last time; absent or empty when nothing is wrong. */
  readonly trouble?: string
  readonly streams: readonly StreamState[]
}

export interface OpsDomain {
  readonly cluster: ClusterView
  /** Who leads, and in which term. */
  term(): Term | null
  report(nodeName: string): NodeReport
  /** False where the user runs NATS. */
  readonly isNatsEmbedded: boolean
  readNats(): Promise<NatsState>
  readonly jobs: {
    /** How many jobs there are, and those that `isWanted`, by name. */
    list(
      isWanted: (details: JobDetails) => boolean,
    ): Promise<{ readonly total: number; readonly jobs: readonly JobDetails[] }>
    executions(name: string): Promise<readonly Execution[]>
  }
  readonly replication: {
    list(): Promise<readonly { readonly job: ReplicationJob; readonly status: JobStatus }[]>
  }
  readonly clock: Clock
}
