/** Which jobs the list shows, and in which order. */
import type { Sort } from '../../../ui/table.tsx'
import { addressText, statusWord } from '../job-words.ts'
import type { JobStatus, OpsJob } from '../wire.ts'

export interface ListChoice {
  readonly search: string
  /** A status, or `all`. */
  readonly status: string
  readonly sort: Sort
}

/** What needs somebody comes first. */
const urgency: readonly JobStatus[] = ['dead', 'pending', 'running', 'pause', 'complete']

export function jobsShown(jobs: readonly OpsJob[], { search, status, sort }: ListChoice): readonly OpsJob[] {
  const wanted = search.trim().toLowerCase()
  const found = jobs.filter((job) => (status === 'all' || job.status === status) && textOf(job).includes(wanted))
  const direction = sort.order === 'asc' ? 1 : -1
  const compare = comparisons[sort.key] ?? byName
  return found.toSorted((a, b) => direction * compare(a, b) || byName(a, b))
}

/** Only those that some job has, with their count. */
export function statusChoices(jobs: readonly OpsJob[]): { value: string; text: string }[] {
  const count = (status: JobStatus) => jobs.filter((job) => job.status === status).length
  const present = urgency.filter((status) => count(status) > 0)
  return [
    { value: 'all', text: 'every status' },
    ...present.map((status) => ({ value: status, text: `${statusWord(status)} (${count(status)})` })),
  ]
}

function textOf(job: OpsJob): string {
  return `${job.name}\n${job.id}\n${addressText(job.source)}\n${addressText(job.target)}`.toLowerCase()
}

type Comparison = (a: OpsJob, b: OpsJob) => number

const byName: Comparison = (a, b) => a.name.localeCompare(b.name) || a.id.localeCompare(b.id)

const comparisons: Readonly<Record<string, Comparison>> = {
  name: byName,
  status: (a, b) => urgency.indexOf(a.status) - urgency.indexOf(b.status),
  progress: (a, b) => progressRank(a) - progressRank(b),
  rate: (a, b) => a.rows_per_second - b.rows_per_second,
}

/** Copies by what is done of them, then those that follow, by their lag. */
function progressRank(job: OpsJob): number {
  if (job.stage === 'full') return job.rows_total > 0 ? job.rows_copied / job.rows_total : 0
  return 1 + (job.lag_ms ?? -1)
}
