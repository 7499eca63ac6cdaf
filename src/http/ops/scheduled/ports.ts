/** What the routes about scheduled jobs need from the domain; `agent` wires it. */
import type { JobPage, JobQuery, TagUse } from '../../../schedule/job-query.ts'
import type { PreviewContext } from './schedule-preview.ts'

export interface ScheduledDomain {
  list(query: JobQuery): Promise<JobPage>
  /** Tags that jobs have, the most frequent first. */
  tags(): Promise<readonly TagUse[]>
  previewContext(): PreviewContext
}
