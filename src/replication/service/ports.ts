/** What keeping, placing and supervising replication jobs needs from outside. `agent` wires it. */
import type { ReplicationJob, TaskRole } from '../../model/replication-job.ts'
import type { TaskReport } from '../task-context.ts'

/** Seals passwords for the store. `SecretBox` fits. */
export interface SecretSealer {
  seal(secret: string): string
  /** @throws when the box was sealed with another key */
  open(box: string): string
}

export interface TaskSpec {
  readonly job: ReplicationJob
  readonly role: TaskRole
  readonly ownerTerm: number
}

export interface ExitInfo {
  readonly code: number | null
  readonly signal: string | null
}

export interface StopOptions {
  /** Then it is killed. */
  readonly timeoutMs: number
  /** The job was deleted: a target task removes the job's rows of its bookkeeping, if its server answers. */
  readonly forget: boolean
}

/** One running process of one task. */
export interface TaskProcess {
  readonly exited: Promise<ExitInfo>
  /** Resolves when the process is gone, whatever that took. Stopping one that has ended is no error. */
  stop(options: StopOptions): Promise<void>
}

export interface TaskLauncher {
  /**
   * Starts a process for a task. The process ends by itself when the agent that started it is gone (its IPC channel
   * closes), so a new agent finds none of its predecessor's; what might still be ending then is fenced by `ownerTerm`.
   *
   * @param onReport called for every report of the process, never after `exited`
   * @throws SecretUnavailableError when the server's password cannot be had on this node
   */
  launch(spec: TaskSpec, onReport: (report: TaskReport) => void): Promise<TaskProcess>
}

export interface FrameStreams {
  /** Removes a job's frame stream. Removing what is not there is no error. */
  remove(stream: { readonly jobId: string; readonly natsAddress: string | null }): Promise<void>
}
