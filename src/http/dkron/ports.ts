/** What the Dkron API needs from the domain; `agent` wires it. */
import type { Issue } from '../../core/errors.ts'
import type { Execution, RunningExecution } from '../../model/execution.ts'
import type { ClusterView, Member } from '../../model/member.ts'
import type { JobPatch } from '../../schedule/job-patch.ts'
import type { JobDetails, JobPreview, SavedJob } from '../../schedule/job-service.ts'

/** Every name is taken in any spelling; each method that takes one throws NotFoundError for an unknown job. */
export interface Jobs {
  list(): Promise<readonly JobDetails[]>
  get(name: string): Promise<JobDetails>
  /** @throws InvalidError with `known` and every other problem, in the domain's names */
  save(patch: JobPatch, known: readonly Issue[]): Promise<SavedJob>
  /** What `save` would do now. @throws InvalidError as `save` does */
  preview(patch: JobPatch, known: readonly Issue[]): Promise<JobPreview>
  delete(name: string): Promise<JobDetails>
  runNow(name: string): Promise<JobDetails>
  executions(name: string): Promise<readonly Execution[]>
}

export interface DkronDomain {
  readonly jobs: Jobs
  readonly cluster: ClusterView
  /** What runs of a job now, on any node. */
  running(jobName: string): Promise<readonly RunningExecution[]>
  /** @returns false when it has ended by itself */
  stop(jobName: string, id: string): Promise<boolean>
  /** Starts leaving and returns at once. @returns the members, this one as leaving */
  leave(): Promise<readonly Member[]>
}
