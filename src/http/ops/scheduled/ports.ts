/** What the routes about scheduled jobs need from the domain; `agent` wires it. */
import type { RunningExecution } from '../../../model/execution.ts'
import type { JobPage, JobQuery, TagUse } from '../../../schedule/job-query.ts'
import type { PastRun } from './known-histories.ts'
import type { OutputDomain } from './output-routes.ts'
import type { RecentRun } from './recent-runs.ts'
import type { PreviewContext } from './schedule-preview.ts'

export interface ScheduledDomain extends OutputDomain {
  list(query: JobQuery): Promise<JobPage>
  /** Tags that jobs have, the most frequent first. */
  tags(): Promise<readonly TagUse[]>
  /** How the last runs of jobs went; without jobs that are not there. */
  recent(jobNames: readonly string[]): Promise<ReadonlyMap<string, readonly RecentRun[]>>
  /** What has ended, oldest first. @throws NotFoundError, UnavailableError */
  pastRuns(jobName: string): Promise<readonly PastRun[]>
  /** What runs on any node; its output need not be there. */
  running(jobName: string): Promise<readonly RunningExecution[]>
  previewContext(): PreviewContext
}
