/** What runs, what failed, what is late, who leads; fires past and to come. All of it live. */
import { useState } from 'preact/hooks'
import type { ClusterAnswer } from '../../api/cluster-wire.ts'
import type { LiveEvent } from '../../api/event-kinds.ts'
import { now } from '../../live/now.ts'
import { useResource } from '../../live/resource.ts'
import { Page } from '../../ui/page.tsx'
import { ErrorState } from '../../ui/states.tsx'
import { StatusBadge } from '../../ui/status-badge.tsx'
import { AttentionCard } from './attention-card.tsx'
import { Figures } from './figures.tsx'
import { EndedCard, NextCard, RunningCard } from './job-cards.tsx'
import type { JobSummaries, ReplicationSummaries } from './summaries-wire.ts'
import { TimelineCard, timelineRefresh } from './timeline/timeline-card.tsx'
import { type Range, ranges, timelinePath } from './timeline/timeline-window.ts'
import type { TimelineAnswer } from './timeline/timeline-wire.ts'
import './overview.css'

const jobEvents = [{ kind: 'scheduled-jobs' }, { kind: 'executions' }] as const
/** The answer of the cluster alone knows why a job failed. */
const clusterRefresh = [
  { kind: 'cluster' },
  { kind: 'replication-jobs' },
  { kind: 'executions', matches: tellsOfFailure },
] as const
/** Asking for the whole cluster looks at every stream. */
const clusterEveryMs = 3_000
const listEveryMs = 1_000
const listed = 8

export function OverviewPage() {
  const [range, setRange] = useState<Range>(ranges[1])
  const cluster = useResource<ClusterAnswer>('/ops/cluster', clusterRefresh, { everyMs: clusterEveryMs })
  const every = { everyMs: listEveryMs }
  const timeline = useResource<TimelineAnswer>(timelinePath(range, now.value), timelineRefresh, every)
  const failing = useResource<JobSummaries>(jobsPath('status=failing&sort=last&order=desc'), jobEvents, every)
  const running = useResource<JobSummaries>(jobsPath('status=running'), jobEvents, every)
  const ended = useResource<JobSummaries>(jobsPath('sort=last&order=desc'), jobEvents, every)
  const next = useResource<JobSummaries>(jobsPath('sort=next'), jobEvents, every)
  const replications = useResource<ReplicationSummaries>('/ops/replication-jobs', [{ kind: 'replication-jobs' }], every)

  if (cluster.data === undefined && cluster.error !== null)
    return (
      <Page title="Overview">
        <ErrorState error={cluster.error} retry={cluster.reload} />
      </Page>
    )
  return (
    <Page title="Overview" badge={<State cluster={cluster.data} />}>
      <Figures
        cluster={cluster.data}
        failing={failing.data}
        running={running.data}
        replications={replications.data}
        timeline={timeline.data}
      />
      <TimelineCard timeline={timeline} range={range} onRange={setRange} />
      <AttentionCard cluster={cluster.data} failing={failing.data} timeline={timeline.data} />
      <div class="overview-columns">
        <RunningCard jobs={running} />
        <EndedCard jobs={ended} />
        <NextCard jobs={next} />
      </div>
    </Page>
  )
}

function tellsOfFailure(event: LiveEvent): boolean {
  if (event.kind !== 'executions') return false
  return event.data.more || event.data.items.some(({ outcome }) => outcome !== 'running' && outcome !== 'succeeded')
}

function jobsPath(query: string): string {
  return `/ops/scheduled-jobs?${query}&limit=${listed}`
}

function State({ cluster }: { readonly cluster: ClusterAnswer | undefined }) {
  if (cluster === undefined) return <span class="badge is-idle">…</span>
  const isCritical = cluster.warnings.some(({ severity }) => severity === 'critical')
  if (isCritical) return <StatusBadge tone="bad" text="Something is down" />
  return cluster.state === 'healthy' ? (
    <StatusBadge tone="good" text="All is well" />
  ) : (
    <StatusBadge tone="warn" text="Needs attention" />
  )
}
