/** One scheduled job: what it is, when it runs next, what became of its runs, and their output. */
import { useLocation } from 'wouter-preact'
import type { LiveEvent } from '../../api/event-kinds.ts'
import { useResource } from '../../live/resource.ts'
import { paths } from '../../routes.ts'
import { ButtonLink } from '../../ui/button.tsx'
import { Page } from '../../ui/page.tsx'
import { EmptyState, ErrorState, Skeleton } from '../../ui/states.tsx'
import { StatusBadge } from '../../ui/status-badge.tsx'
import { DefinitionCard } from './definition-card.tsx'
import { HistoryCard } from './history-card.tsx'
import { JobActions } from './job-actions.tsx'
import { statusOf, statusWords } from './outcome-words.ts'
import { RunsCard } from './runs-card.tsx'
import { ScheduleCard } from './schedule-card.tsx'
import './scheduled.css'
import { StaleNote } from './stale-note.tsx'
import { useFireHistory } from './use-fire-history.ts'
import { type JobAnswer, jobPath } from './wire.ts'

export function JobPage({ name }: { readonly name: string }) {
  const [, navigate] = useLocation()
  const concerns = (event: LiveEvent) =>
    event.kind === 'scheduled-jobs' && (event.data.more || event.data.names.includes(name))
  const job = useResource<JobAnswer>(jobPath(name), [{ kind: 'scheduled-jobs', matches: concerns }])
  const isGone = job.error?.status === 404
  const history = useFireHistory(isGone ? null : name)
  if (isGone) return <GonePage name={name} wasHere={job.data !== undefined} />
  if (job.data === undefined)
    return (
      <Page title={name} parent={jobsParent}>
        {job.error === null ? <Skeleton lines={8} /> : <ErrorState error={job.error} retry={job.reload} />}
      </Page>
    )
  const { displayname } = job.data
  const isRunning = history.fires.some(({ executions }) => executions.some(({ outcome }) => outcome === 'running'))
  const status = statusWords[statusOf(job.data, isRunning)]
  return (
    <Page
      title={displayname === '' ? name : displayname}
      badge={<StatusBadge tone={status.tone} text={status.text} />}
      {...(displayname === '' || displayname === name ? {} : { lead: <code class="code">{name}</code> })}
      parent={jobsParent}
      actions={
        <JobActions
          job={job.data}
          onRun={history.expectRun}
          onChanged={job.reload}
          onDeleted={() => navigate(paths.jobs)}
        />
      }
    >
      <StaleNote error={job.error} />
      <div class="job-cards">
        <ScheduleCard job={job.data} />
        <RunsCard job={job.data} fires={history.fires} />
        <DefinitionCard job={job.data} />
      </div>
      <HistoryCard job={job.data} history={history} />
    </Page>
  )
}

const jobsParent = { path: paths.jobs, title: 'Scheduled jobs' }

function GonePage({ name, wasHere }: { readonly name: string; readonly wasHere: boolean }) {
  return (
    <Page title={name} parent={jobsParent}>
      <EmptyState
        icon="clock"
        title={wasHere ? 'This job was deleted' : 'There is no such job'}
        text={
          wasHere
            ? 'Somebody deleted it while you looked at it. Its history is gone too.'
            : 'It may have been deleted. Names are in lower case, without blanks.'
        }
        action={<ButtonLink href={paths.jobs}>All jobs</ButtonLink>}
      />
    </Page>
  )
}
