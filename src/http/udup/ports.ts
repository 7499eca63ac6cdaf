/** What the Udup API needs of the agent. The services of replication/service fit; `agent` wires the rest. */
import type { Issue } from '../../core/errors.ts'
import type { ClusterView, Member } from '../../model/member.ts'
import type { ReplicationJob, TaskRole } from '../../model/replication-job.ts'
import type { JobDraft } from '../../replication/service/job-draft.ts'
import type { JobStatus } from '../../replication/service/job-status.ts'
import type { JobPreview, StoredJob } from '../../replication/service/replication-jobs.ts'
import type { TaskState } from '../../replication/service/replication-progress.ts'

/** `ReplicationJobs`. All that take an id or a name throw NotFoundError for one that is not there. */
export interface JobKeeping {
  list(): Promise<readonly StoredJob[]>
  get(idOrName: string): Promise<StoredJob>
  /** Every reason not to store the draft; fields are paths in the draft. */
  check(draft: JobDraft): Promise<readonly Issue[]>
  /** What `save` would do now. */
  preview(draft: JobDraft): Promise<JobPreview>
  save(draft: JobDraft): Promise<StoredJob>
  remove(idOrName: string): Promise<StoredJob>
  pause(idOrName: string): Promise<StoredJob>
  resume(idOrName: string): Promise<StoredJob>
}

/** `ReplicationProgress`. */
export interface JobProgress {
  status(job: ReplicationJob): JobStatus
  task(job: ReplicationJob, role: TaskRole): TaskState
}

export interface UdupApiParts {
  readonly jobs: JobKeeping
  readonly progress: JobProgress
  readonly cluster: ClusterView
  /** Begins to leave the cluster. @returns the members at once, this one among them as leaving */
  leave(): Promise<readonly Member[]> | readonly Member[]
  /** Where the cluster's NATS answers, `host:port` each; a job without an address of its own shows the first. */
  natsAddresses(): readonly string[]
}
