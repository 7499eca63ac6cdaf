/**
 * What the agent and a task's process tell each other over the process's IPC channel, as JSON.
 *
 * Easy to get wrong: `start` carries a password in clear. It travels in the channel, never in arguments or environment,
 * which other accounts of the machine may read. A process whose channel closes has lost its agent and must end itself.
 */
import type { ReplicationJob, TaskRole } from '../../model/replication-job.ts'
import type { ServerEndpoint, TaskReport } from '../task-context.ts'

export interface StartMessage {
  readonly kind: 'start'
  readonly spec: {
    readonly job: ReplicationJob
    readonly role: TaskRole
    readonly server: ServerEndpoint
    readonly ownerTerm: number
    /** How to reach NATS for this job's stream and link; only the process's own wiring knows its form. */
    readonly nats: unknown
  }
}

/**
 * End soon, with status 0. May come before the task has done anything. `forget`: a target task removes the job's rows
 * of its bookkeeping first.
 */
export interface StopMessage {
  readonly kind: 'stop'
  readonly forget: boolean
}

/** The servers of NATS are others now. What a server tells of its neighbours may come too late, or not at all. */
export interface NatsMessage {
  readonly kind: 'nats'
  /** As in `start`. */
  readonly nats: unknown
}

/** To the process. The first one is always `start`. */
export type TaskOrder = StartMessage | StopMessage | NatsMessage

/**
 * The exit status of a process that found that its task belongs to another one by now. It has told nothing of it: what is
 * to be told of the task is the other one's to tell.
 */
export const takenOverStatus = 3

/** From the process. */
export interface ReportMessage {
  readonly kind: 'report'
  readonly report: TaskReport
}
