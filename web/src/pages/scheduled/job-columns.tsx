/** The columns of the list of jobs. */
import { Link } from 'wouter-preact'
import { paths } from '../../routes.ts'
import { Button } from '../../ui/button.tsx'
import { Code } from '../../ui/code.tsx'
import { StatusBadge } from '../../ui/status-badge.tsx'
import type { Column } from '../../ui/table.tsx'
import { TimeText } from '../../ui/time-text.tsx'
import { statusWords, successPercent } from './outcome-words.ts'
import { runsOf } from './recent-runs.ts'
import { RunBars } from './run-bars.tsx'
import type { ListedJob, RecentRuns } from './wire.ts'
import { ZonedTime } from './zoned-time.tsx'

export interface ColumnParts {
  readonly recent: RecentRuns['jobs']
  /** Of jobs that name none. */
  readonly agentZone: string | null
  readonly isBusy: (name: string) => boolean
  readonly onRun: (name: string) => void
}

export function jobColumns({ recent, agentZone, isBusy, onRun }: ColumnParts): readonly Column<ListedJob>[] {
  return [
    { key: 'name', title: 'Job', isSortable: true, isWide: true, render: (job) => <NameCell job={job} /> },
    { key: 'status', title: 'Status', render: (job) => <JobStatusBadge job={job} /> },
    {
      key: 'last',
      title: 'Last run',
      isSortable: true,
      isMinor: true,
      render: (job) => <ZonedTime at={job.last_at} timeZone={job.time_zone ?? agentZone} none="never" />,
    },
    {
      key: 'next',
      title: 'Next run',
      isSortable: true,
      isMinor: true,
      render: (job) => <ZonedTime at={job.next_at} timeZone={job.time_zone ?? agentZone} none={noNextText(job)} />,
    },
    {
      key: 'success_rate',
      title: 'Success',
      isSortable: true,
      isMinor: true,
      align: 'end',
      render: (job) => <SuccessRate job={job} />,
    },
    {
      key: 'recent',
      title: 'Run times',
      isMinor: true,
      render: (job) => <RunBars runs={runsOf(recent, job.name)} />,
    },
    {
      key: 'run',
      title: <span class="for-readers">Actions</span>,
      align: 'end',
      render: ({ name }) => (
        <Button
          kind="quiet"
          size="small"
          icon="play"
          label={`Run ${name} now`}
          isBusy={isBusy(name)}
          onClick={() => onRun(name)}
        />
      ),
    },
  ]
}

function NameCell({ job }: { readonly job: ListedJob }) {
  const { name, displayname, schedule, time_zone: timeZone } = job
  return (
    <div class="job-name">
      <Link class="job-link" href={paths.job(name)}>
        {displayname === '' ? name : displayname}
      </Link>
      {displayname !== '' && displayname !== name && <span class="job-slug">{name}</span>}
      <span class="job-schedule">
        <Code text={schedule} />
        {timeZone !== null && <span class="job-zone"> {timeZone}</span>}
      </span>
      {job.next_at !== null && (
        <span class="job-soon">
          next <TimeText at={job.next_at} />
        </span>
      )}
    </div>
  )
}

function JobStatusBadge({ job }: { readonly job: Pick<ListedJob, 'status' | 'running'> }) {
  const { text, tone } = statusWords[job.status]
  return <StatusBadge tone={tone} text={job.running > 1 ? `${text} ×${job.running}` : text} />
}

function SuccessRate({ job }: { readonly job: Pick<ListedJob, 'success_count' | 'error_count'> }) {
  const percent = successPercent(job.success_count, job.error_count)
  if (percent === null) return <span class="is-none">–</span>
  const text = `${job.success_count} of ${job.success_count + job.error_count} executions succeeded`
  return (
    <span class="amount" title={text}>
      {percent} %
    </span>
  )
}

function noNextText({ disabled, schedule }: ListedJob): string {
  if (disabled) return 'disabled'
  return schedule.trim() === '@manually' ? 'by hand' : 'none'
}
