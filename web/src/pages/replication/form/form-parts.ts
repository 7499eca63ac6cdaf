/** What every step of the form gets. */

import type { JobDraft, TaskDraft } from '../draft/job-draft.ts'
import type { Faults } from '../draft/steps.ts'
import type { Role } from '../wire.ts'
import type { ServerCheck } from './use-check.ts'

export interface StepProps {
  readonly draft: JobDraft
  readonly change: (change: Partial<JobDraft>) => void
  /** By field of the draft; only what is to be shown. */
  readonly faults: Faults
  readonly checks: Readonly<Record<Role, ServerCheck>>
}

/** A change of one task. */
export function taskChange(draft: JobDraft, role: Role, change: Partial<TaskDraft>): Partial<JobDraft> {
  const task: TaskDraft = { ...draft[role], ...change }
  return role === 'source' ? { source: task } : { target: task }
}
