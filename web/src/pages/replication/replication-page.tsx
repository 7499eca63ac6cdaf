/** One replication job: where it stands, how fast it goes, and what it needs. */
import { useState } from 'preact/hooks'
import { useLocation } from 'wouter-preact'
import { type Resource, useResource } from '../../live/resource.ts'
import { paths } from '../../routes.ts'
import { Button, ButtonLink } from '../../ui/button.tsx'
import { Page } from '../../ui/page.tsx'
import { EmptyState, ErrorState, Skeleton } from '../../ui/states.tsx'
import { StatusBadge } from '../../ui/status-badge.tsx'
import { CopyTables } from './job/copy-tables.tsx'
import { JobCharts } from './job/job-charts.tsx'
import { JobDefinition } from './job/job-definition.tsx'
import { JobDdl, JobProblems } from './job/job-events.tsx'
import { JobPositions } from './job/job-positions.tsx'
import { JobRoute } from './job/job-route.tsx'
import { JobState } from './job/job-state.tsx'
import { useHistory } from './job/use-history.ts'
import { deleteJob, pauseJob, resumeJob } from './job-orders.tsx'
import { addressText, stageWords, statusTone, statusWord } from './job-words.ts'
import type { OpsJobDetails } from './wire.ts'
import './replication.css'
import './job/job.css'

const parent = { path: paths.replications, title: 'Replication jobs' }

/** @param id of the job, or its name */
export function ReplicationPage({ id }: { readonly id: string }) {
  const details: Resource<OpsJobDetails> = useResource<OpsJobDetails>(
    `/ops/replication-jobs/${encodeURIComponent(id)}`,
    [{ kind: 'replication-jobs', matches: ({ data }) => 'ids' in data && isMeant(data.ids, id, details.data) }],
  )
  const job = details.data
  if (details.error?.status === 404) return <GonePage id={id} />
  if (job === undefined)
    return (
      <Page title={id} parent={parent}>
        {details.error === null ? <Skeleton lines={8} /> : <ErrorState error={details.error} retry={details.reload} />}
      </Page>
    )
  return (
    <Page
      title={job.name}
      parent={parent}
      badge={<StatusBadge tone={statusTone(job)} text={statusWord(job.status)} />}
      lead={`${addressText(job.source)} → ${addressText(job.target)}, ${stageWords(job.stage)}`}
      actions={<Orders job={job} reload={details.reload} />}
    >
      <JobState job={job} />
      <JobRoute job={job} />
      <CopyTables job={job} />
      <Figures id={id} job={job} />
      <div class="rj-two">
        <div class="stack">
          <JobProblems job={job} />
          <JobDdl job={job} />
        </div>
        <div class="stack">
          <JobPositions job={job} />
          <JobDefinition id={job.id} updatedAt={job.updated_at} notes={job.notes} />
        </div>
      </div>
    </Page>
  )
}

function isMeant(ids: readonly string[], asked: string, job: OpsJobDetails | undefined): boolean {
  return ids.includes(job?.id ?? asked)
}

function Figures({ id, job }: { readonly id: string; readonly job: OpsJobDetails }) {
  return <JobCharts job={job} history={useHistory(id, job)} />
}

function GonePage({ id }: { readonly id: string }) {
  return (
    <Page title={id} parent={parent}>
      <EmptyState
        title="There is no such replication job"
        text="It may have been deleted. What it wrote to its target is still there."
        action={<ButtonLink href={paths.replications}>All replication jobs</ButtonLink>}
      />
    </Page>
  )
}

function Orders({ job, reload }: { readonly job: OpsJobDetails; readonly reload: () => void }) {
  const [isBusy, setIsBusy] = useState(false)
  const [, go] = useLocation()
  const pauseOrResume = async () => {
    setIsBusy(true)
    if (await (isPaused ? resumeJob(job) : pauseJob(job))) reload()
    setIsBusy(false)
  }
  // Never disabled while it asks: the button gets the focus back when one says no.
  const remove = async () => {
    if (await deleteJob(job)) go(paths.replications)
  }
  const isPaused = job.status === 'pause'
  return (
    <>
      {job.status !== 'complete' && (
        <Button
          icon={isPaused ? 'play' : 'pause'}
          kind={isPaused ? 'primary' : 'plain'}
          isBusy={isBusy}
          onClick={() => void pauseOrResume()}
        >
          {isPaused ? 'Resume' : 'Pause'}
        </Button>
      )}
      <ButtonLink href={paths.editReplication(job.id)} icon="edit">
        Edit
      </ButtonLink>
      <Button kind="danger" icon="trash" onClick={() => void remove()}>
        Delete
      </Button>
    </>
  )
}
