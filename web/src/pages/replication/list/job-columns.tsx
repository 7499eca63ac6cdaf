/** What the list tells of one job. */
import { Link } from 'wouter-preact'
import { paths } from '../../../routes.ts'
import { Button } from '../../../ui/button.tsx'
import { ProgressBar } from '../../../ui/progress-bar.tsx'
import { StatusBadge } from '../../../ui/status-badge.tsx'
import type { Column } from '../../../ui/table.tsx'
import { Bytes, Count, Duration } from '../../../ui/time-text.tsx'
import { deleteJob, pauseJob, resumeJob } from '../job-orders.tsx'
import { addressText, isAtWork, sentence, stageWords, statusTone, statusWord } from '../job-words.ts'
import type { OpsJob } from '../wire.ts'

export function jobColumns(reload: () => void): readonly Column<OpsJob>[] {
  return [
    { key: 'name', title: 'Name', isSortable: true, isWide: true, render: (job) => <NameCell job={job} /> },
    { key: 'route', title: 'From and to', isMinor: true, render: (job) => <RouteCell job={job} /> },
    { key: 'status', title: 'Status', isSortable: true, isMinor: true, render: (job) => <StatusCell job={job} /> },
    {
      key: 'progress',
      title: 'Progress or lag',
      isSortable: true,
      isMinor: true,
      render: (job) => <ProgressCell job={job} />,
    },
    {
      key: 'rate',
      title: 'Rows a second',
      isSortable: true,
      isMinor: true,
      align: 'end',
      render: (job) => (isAtWork(job) ? <Count value={job.rows_per_second} /> : <Count value={null} />),
    },
    {
      key: 'orders',
      title: <span class="for-readers">Orders</span>,
      align: 'end',
      render: (job) => <Orders job={job} reload={reload} />,
    },
  ]
}

function NameCell({ job }: { readonly job: OpsJob }) {
  const needsWords = job.status === 'dead' || job.status === 'pending'
  return (
    <div class="rj-name">
      <Link href={paths.replication(job.id)}>{job.name}</Link>
      <div class="rj-name-narrow">
        <span>
          {addressText(job.source)} → {addressText(job.target)}
        </span>
        <StatusCell job={job} />
        {(isAtWork(job) || isCopying(job)) && <ProgressCell job={job} />}
      </div>
      {needsWords && (
        <span class={job.status === 'dead' ? 'rj-warning is-bad' : 'rj-warning'} title={sentence(job.description)}>
          {sentence(job.description)}
        </span>
      )}
    </div>
  )
}

function RouteCell({ job }: { readonly job: OpsJob }) {
  return (
    <div class="rj-route">
      <span>{addressText(job.source)}</span>
      <span>
        <span aria-hidden="true">→ </span>
        <span class="for-readers">to </span>
        {addressText(job.target)}
      </span>
    </div>
  )
}

function StatusCell({ job }: { readonly job: OpsJob }) {
  return (
    <div class="rj-status">
      <StatusBadge tone={statusTone(job)} text={statusWord(job.status)} title={sentence(job.description)} />
      {isAtWork(job) && <span class="rj-soft">{stageWords(job.stage)}</span>}
    </div>
  )
}

function ProgressCell({ job }: { readonly job: OpsJob }) {
  if (isCopying(job)) return <CopyProgress job={job} />
  if (!isAtWork(job)) return <Duration ms={null} />
  return (
    <div class="rj-progress">
      {job.lag_ms === null ? (
        <span>lag not known yet</span>
      ) : (
        <span>
          <Duration ms={job.lag_ms} /> behind
        </span>
      )}
      <span class="rj-soft">
        <Bytes value={job.backlog_bytes} /> waiting
      </span>
    </div>
  )
}

function isCopying({ stage, status }: OpsJob): boolean {
  return stage === 'full' && status !== 'complete'
}

function CopyProgress({ job }: { readonly job: OpsJob }) {
  const isKnown = job.rows_total > 0
  const share = isKnown ? Math.min(0.999, job.rows_copied / job.rows_total) : null
  return (
    <div class="rj-progress">
      <ProgressBar
        value={share}
        label={`Copy of ${job.name}`}
        tone={job.status === 'running' ? 'busy' : statusTone(job)}
      />
      <span class="rj-soft">
        {share === null ? 'counting' : `${Math.floor(share * 100)} %`}
        {job.eta_ms !== null && job.status === 'running' && (
          <>
            , <Duration ms={job.eta_ms} /> left
          </>
        )}
      </span>
    </div>
  )
}

function Orders({ job, reload }: { readonly job: OpsJob; readonly reload: () => void }) {
  const give = (order: (job: OpsJob) => Promise<boolean>) => () => void order(job).then(reload)
  const canResume = job.status === 'pause'
  return (
    <div class="rj-orders">
      {job.status !== 'complete' && (
        <Button
          kind="quiet"
          icon={canResume ? 'play' : 'pause'}
          label={canResume ? `Resume ${job.name}` : `Pause ${job.name}`}
          onClick={give(canResume ? resumeJob : pauseJob)}
        />
      )}
      <Button kind="quiet" icon="trash" label={`Delete ${job.name}`} onClick={give(deleteJob)} />
    </div>
  )
}
