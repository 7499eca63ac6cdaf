/** What the routes about replication jobs are fed from; `agent` wires the services of replication/service. */
import type { Member } from '../../../model/member.ts'
import type { ReplicationJob, TaskRole } from '../../../model/replication-job.ts'
import type { ConnectionCheck } from '../../../replication/preflight/check-result.ts'
import type { WantedCheck } from '../../../replication/service/connection-checks.ts'
import type { FigureSeries } from '../../../replication/service/figure-history.ts'
import type { JobEvents } from '../../../replication/service/job-journal.ts'
import type { JobStatus } from '../../../replication/service/job-status.ts'
import type { StoredJob } from '../../../replication/service/replication-jobs.ts'
import type { TaskState } from '../../../replication/service/replication-progress.ts'

export interface ReplicationDomain {
  readonly jobs: {
    list(): Promise<readonly StoredJob[]>
    /** @throws NotFoundError */
    get(idOrName: string): Promise<StoredJob>
  }
  readonly progress: {
    status(job: ReplicationJob): JobStatus
    task(job: ReplicationJob, role: TaskRole): TaskState
  }
  /** What this node has heard. */
  readonly journal: {
    history(jobId: string): FigureSeries
    events(job: ReplicationJob): JobEvents
  }
  members(): readonly Pick<Member, 'nodeId' | 'nodeName'>[]
  /** @throws UnavailableError when this node does too many already */
  checkConnection(wanted: WantedCheck): Promise<ConnectionCheck>
  /** Of the node that answers. */
  readonly nodeName: string
}
