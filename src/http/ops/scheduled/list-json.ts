/** A list of scheduled jobs: which ones are asked for, and what is shown of each. */
import { type JobPage, type JobQuery, type JobSort, type ListedJob, lastAt } from '../../../schedule/job-query.ts'
import type { QueryFields } from '../query-fields.ts'
import { timeText } from '../time-text.ts'

const mostJobs = 500
const usualJobs = 50
const statuses = ['', 'failing', 'succeeding', 'running', 'disabled', 'never'] as const
const sorts = ['name', 'next', 'last', 'failures', 'success_rate'] as const satisfies readonly JobSort[]
const longestSearch = 200

/** What is wrong is noted in `query`. */
export function readJobQuery(query: QueryFields): JobQuery {
  const search = query.text('search').trim()
  if (search.length > longestSearch) query.fail('search', `must have at most ${longestSearch} characters`)
  const status = query.oneOf('status', statuses)
  return {
    search,
    status: status === '' ? null : status,
    tag: readTag(query.text('tag')),
    sort: query.oneOf('sort', sorts),
    isDescending: query.oneOf('order', ['asc', 'desc']) === 'desc',
    offset: query.wholeNumber('offset', { min: 0, max: 10_000_000, usual: 0 }),
    limit: query.wholeNumber('limit', { min: 1, max: mostJobs, usual: usualJobs }),
  }
}

/** `role`, or `role=web`. */
function readTag(text: string): JobQuery['tag'] {
  if (text === '') return null
  const [name = ''] = text.split('=', 1)
  return { name, value: name.length === text.length ? null : text.slice(name.length + 1) }
}

export function jobPageJson({ total, counts, matched, jobs }: JobPage) {
  return { total, counts, matched, jobs: jobs.map(listedJobJson) }
}

function listedJobJson(listed: ListedJob) {
  const { job, counters, health, nextAt, running } = listed
  return {
    name: job.name,
    displayname: job.displayName,
    schedule: job.schedule,
    time_zone: job.timezone,
    disabled: job.isDisabled,
    tags: job.tags,
    next_at: timeText(nextAt),
    last_at: timeText(lastAt(counters)),
    last_success_at: timeText(counters.lastSuccessAt),
    last_error_at: timeText(counters.lastErrorAt),
    success_count: counters.successCount,
    error_count: counters.errorCount,
    running,
    status: running > 0 ? 'running' : health,
    health,
  }
}
