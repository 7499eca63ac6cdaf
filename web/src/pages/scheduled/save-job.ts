/** Saves a draft, and says what was wrong in the names of its fields. */
import { asApiError } from '../../api/api-error.ts'
import { api } from '../../api/client.ts'
import { problemsOf, sentence } from './form-fields.ts'
import { changesOf, documentOf, type FieldProblem, type JobDraft, rowIssues, slugOf } from './job-draft.ts'
import type { JobAnswer } from './wire.ts'

export interface SaveFailure {
  /** What is wrong with no field in particular. */
  readonly message: string | null
  readonly problems: readonly FieldProblem[]
}

export type SaveOutcome =
  | { readonly kind: 'saved'; readonly name: string }
  | { readonly kind: 'failed'; readonly failure: SaveFailure }

/**
 * Creates the job, or sends what was changed of a stored one. Never throws.
 *
 * The API takes a job under a name that exists as a change of it; a new job must not become one unseen.
 */
export async function saveJob(base: JobDraft, draft: JobDraft, isStored: boolean): Promise<SaveOutcome> {
  const problems = rowIssues(draft)
  if (problems.length > 0) return { kind: 'failed', failure: { message: null, problems } }
  try {
    if (!isStored && (await isTaken(draft))) return nameIsTaken(draft.name)
    const body = isStored ? changesOf(base, draft) : documentOf(draft)
    const { name } = await api.send<JobAnswer>('POST', '/v1/jobs', body)
    return { kind: 'saved', name }
  } catch (error) {
    const { issues, message } = asApiError(error)
    const failure = issues.length > 0 ? { message: null, problems: problemsOf(issues) } : plainFailure(message)
    return { kind: 'failed', failure }
  }
}

/** @throws ApiError, with everything that is wrong with the draft */
async function isTaken(draft: JobDraft): Promise<boolean> {
  return (await api.send<{ readonly exists: boolean }>('POST', '/v1/check/job', documentOf(draft))).exists
}

function nameIsTaken(name: string): SaveOutcome {
  const message = `is taken by another job: "${slugOf(name)}"`
  return { kind: 'failed', failure: { message: null, problems: [{ field: 'name', message }] } }
}

function plainFailure(message: string): SaveFailure {
  return { message: `It was not saved: ${sentence(message)}.`, problems: [] }
}
