/** Three short lists of scheduled jobs: what runs, what has just ended, what comes next. */
import type { ComponentChildren } from 'preact'
import { Link } from 'wouter-preact'
import type { Resource } from '../../live/resource.ts'
import { paths } from '../../routes.ts'
import { Card } from '../../ui/card.tsx'
import { EmptyState, ErrorState, Skeleton } from '../../ui/states.tsx'
import { StatusMark, type Tone } from '../../ui/status-badge.tsx'
import { TimeText } from '../../ui/time-text.tsx'
import type { JobSummaries, JobSummary } from './summaries-wire.ts'

interface JobCardProps {
  readonly jobs: Resource<JobSummaries>
}

export function RunningCard({ jobs }: JobCardProps) {
  return (
    <JobCard
      title="Running now"
      jobs={jobs}
      more={`${paths.jobs}?status=running`}
      shows={({ running }) => running > 0}
      tone={() => 'busy'}
      empty={{ title: 'Nothing runs', text: 'What starts appears here by itself.' }}
      note={({ running }) => (running > 1 ? `${running} commands` : 'running')}
    />
  )
}

export function EndedCard({ jobs }: JobCardProps) {
  return (
    <JobCard
      title="Ended last"
      jobs={jobs}
      more={`${paths.jobs}?sort=last&order=desc`}
      shows={({ last_at }) => last_at !== null}
      tone={(job) => (hasFailed(job) ? 'bad' : 'good')}
      toneText={(job) => (hasFailed(job) ? 'failed' : 'succeeded')}
      empty={{ title: 'Nothing has run yet', text: 'Save a job with a schedule, or run one by hand.' }}
      note={({ last_at }) => <TimeText at={last_at} />}
    />
  )
}

export function NextCard({ jobs }: JobCardProps) {
  return (
    <JobCard
      title="Next"
      jobs={jobs}
      more={`${paths.jobs}?sort=next`}
      shows={({ next_at }) => next_at !== null}
      empty={{ title: 'Nothing is to come', text: 'No enabled job has a schedule that will fire.' }}
      note={({ next_at }) => <TimeText at={next_at} />}
    />
  )
}

interface JobListProps extends JobCardProps {
  readonly title: string
  readonly more: string
  readonly shows: (job: JobSummary) => boolean
  readonly tone?: (job: JobSummary) => Tone
  readonly toneText?: (job: JobSummary) => string
  readonly note: (job: JobSummary) => ComponentChildren
  readonly empty: { readonly title: string; readonly text: string }
}

function JobCard({ title, jobs: { data, error, reload }, more, shows, tone, toneText, note, empty }: JobListProps) {
  const shown = data?.jobs.filter(shows) ?? []
  return (
    <Card title={title} isFlush class="job-card" actions={shown.length > 0 && <Link href={more}>All</Link>}>
      {data === undefined && error === null && <Skeleton lines={5} />}
      {data === undefined && error !== null && <ErrorState error={error} retry={reload} />}
      {data !== undefined && shown.length === 0 && <EmptyState {...empty} />}
      {shown.length > 0 && (
        <ul class="job-lines">
          {shown.map((job) => (
            <li key={job.name}>
              {tone !== undefined && <StatusMark tone={tone(job)} />}
              {toneText !== undefined && <span class="for-readers">{toneText(job)}</span>}
              <Link class="job-line-name" href={paths.job(job.name)}>
                {job.displayname || job.name}
              </Link>
              <span class="job-line-note">{note(job)}</span>
            </li>
          ))}
        </ul>
      )}
    </Card>
  )
}

function hasFailed({ last_error_at, last_success_at }: JobSummary): boolean {
  return last_error_at !== null && (last_success_at === null || last_error_at > last_success_at)
}
