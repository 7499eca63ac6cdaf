/** The five numbers that an operator looks for first, each the way to more. */
import { Link } from 'wouter-preact'
import type { ClusterAnswer } from '../../api/cluster-wire.ts'
import { paths } from '../../routes.ts'
import { countText, durationText } from '../../ui/amounts.ts'
import { StatusMark, type Tone } from '../../ui/status-badge.tsx'
import type { JobSummaries, ReplicationSummaries } from './summaries-wire.ts'
import { totalsOf } from './timeline/timeline-bars.ts'
import type { TimelineAnswer } from './timeline/timeline-wire.ts'

export interface FiguresProps {
  readonly cluster: ClusterAnswer | undefined
  readonly failing: JobSummaries | undefined
  readonly running: JobSummaries | undefined
  readonly replications: ReplicationSummaries | undefined
  readonly timeline: TimelineAnswer | undefined
}

export function Figures({ cluster, failing, running, replications, timeline }: FiguresProps) {
  const missed = timeline === undefined ? 0 : totalsOf(timeline.buckets).missed
  // What was missed is among the late ones as well.
  const late = missed + (timeline?.late ?? []).filter(({ outcome }) => outcome !== 'missed').length
  return (
    <ul class="figures">
      <Figure
        title="Running"
        href={`${paths.jobs}?status=running`}
        value={number(running?.matched)}
        tone={running !== undefined && running.matched > 0 ? 'busy' : 'idle'}
        text={running === undefined ? '' : `of ${countText(running.total)} scheduled jobs`}
      />
      <Figure
        title="Failing"
        href={`${paths.jobs}?status=failing`}
        value={number(failing?.matched)}
        tone={failing === undefined ? 'idle' : failing.matched > 0 ? 'bad' : 'good'}
        text={failing === undefined ? '' : failingText(failing.matched)}
      />
      <Figure
        title="Late or missed"
        href={paths.jobs}
        value={number(timeline === undefined ? undefined : late)}
        tone={timeline === undefined ? 'idle' : late > 0 ? 'warn' : 'good'}
        text={timeline === undefined ? '' : late === 0 ? 'all fires were on time' : 'fires, in the time shown'}
      />
      <ReplicationFigure replications={replications} />
      <LeaderFigure cluster={cluster} />
    </ul>
  )
}

function ReplicationFigure({ replications }: Pick<FiguresProps, 'replications'>) {
  const jobs = replications?.jobs ?? []
  const dead = jobs.filter(({ status }) => status === 'dead').length
  const waiting = jobs.filter(({ status }) => status === 'pending').length
  const lag = Math.max(-1, ...jobs.map(({ lag_ms }) => lag_ms ?? -1))
  const tone: Tone = jobs.length === 0 ? 'idle' : dead > 0 ? 'bad' : waiting > 0 ? 'warn' : 'good'
  const trouble = dead > 0 ? `${dead} stopped by an error` : waiting > 0 ? `${waiting} waiting to start` : null
  const well = lag >= 0 ? `greatest lag ${durationText(lag)}` : 'replication jobs'
  return (
    <Figure
      title="Replication"
      href={paths.replications}
      value={number(replications?.total)}
      tone={tone}
      text={replications === undefined ? '' : jobs.length === 0 ? 'no replication jobs' : (trouble ?? well)}
    />
  )
}

function LeaderFigure({ cluster }: Pick<FiguresProps, 'cluster'>) {
  const leader = cluster?.leader ?? null
  const members = cluster?.members.filter(({ status }) => status !== 'left') ?? []
  const alive = members.filter(({ status }) => status === 'alive').length
  const present = alive === members.length ? `of ${alive}` : `${alive} of ${members.length}`
  const nodes = `${present} ${members.length === 1 ? 'node' : 'nodes'}${alive === members.length ? '' : ' alive'}`
  return (
    <Figure
      title="Leader"
      href={paths.cluster}
      isName
      value={cluster === undefined ? '…' : (leader?.node_name ?? 'none')}
      tone={cluster === undefined ? 'idle' : leader === null ? 'bad' : 'good'}
      text={cluster === undefined ? '' : leader === null ? nodes : `${nodes}, term ${leader.term}`}
    />
  )
}

interface FigureProps {
  readonly title: string
  readonly href: string
  readonly value: string
  readonly tone: Tone
  readonly text: string
  readonly isName?: boolean
}

function Figure({ title, href, value, tone, text, isName = false }: FigureProps) {
  return (
    <li class={`figure is-${tone}`}>
      <Link href={href}>
        <span class="figure-title">
          <StatusMark tone={tone} /> {title}
        </span>
        <span class={isName ? 'figure-value is-name' : 'figure-value'}>{value}</span>
        <span class="figure-text">{text}</span>
      </Link>
    </li>
  )
}

function number(value: number | undefined): string {
  return value === undefined ? '…' : countText(value)
}

function failingText(count: number): string {
  if (count === 0) return 'no job failed last time'
  return count === 1 ? 'job failed last time' : 'jobs failed last time'
}
