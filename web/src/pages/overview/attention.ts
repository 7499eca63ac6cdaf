/** What somebody should look at, the worst first, from all the answers that tell of it. */
import type { ClusterAnswer } from '../../api/cluster-wire.ts'
import { paths } from '../../routes.ts'
import { durationText } from '../../ui/amounts.ts'
import type { JobSummaries } from './summaries-wire.ts'
import type { TimelineAnswer, TimelineEntry } from './timeline/timeline-wire.ts'

export interface Matter {
  readonly key: string
  readonly tone: 'bad' | 'warn' | 'note'
  /** What it is about; empty for the cluster itself. */
  readonly subject: string
  readonly href: string
  readonly text: string
  readonly at: string | null
}

const lateForMs = 900_000
const mostLate = 3

const rank = { bad: 0, warn: 1, note: 2 }

export interface AttentionSources {
  readonly cluster: ClusterAnswer | undefined
  readonly failing: JobSummaries | undefined
  readonly timeline: TimelineAnswer | undefined
}

export function mattersOf(sources: AttentionSources): readonly Matter[] {
  const matters = [...warnings(sources), ...replications(sources), ...failures(sources), ...late(sources)]
  return matters.sort((a, b) => rank[a.tone] - rank[b.tone])
}

function warnings({ cluster }: AttentionSources): readonly Matter[] {
  const tones = { critical: 'bad', warning: 'warn', note: 'note' } as const
  return (cluster?.warnings ?? []).map(({ severity, text }) => ({
    key: text,
    tone: tones[severity],
    subject: '',
    href: paths.cluster,
    text,
    at: null,
  }))
}

function replications({ cluster }: AttentionSources): readonly Matter[] {
  const part = cluster?.jobs.replication
  if (part === undefined || !('attention' in part)) return []
  return part.attention.map(({ id, name, status, description }) => ({
    key: `replication ${id}`,
    tone: status === 'dead' ? 'bad' : 'warn',
    subject: name === '' ? id : name,
    href: paths.replication(id),
    text: description === '' ? `replication is ${status}` : description,
    at: null,
  }))
}

/** The cluster's answer knows why, the list knows all of them and is newer. */
function failures({ cluster, failing }: AttentionSources): readonly Matter[] {
  const part = cluster?.jobs.scheduled
  const reasons = new Map(
    part !== undefined && 'attention' in part ? part.attention.map((job) => [job.name, job] as const) : [],
  )
  return (failing?.jobs ?? []).map(({ name, last_error_at }) => {
    const why = reasons.get(name)
    return {
      key: `job ${name}`,
      tone: 'bad',
      subject: name,
      href: paths.job(name),
      text: why === undefined ? 'failed the last time it ran' : failureText(why),
      at: last_error_at,
    }
  })
}

function failureText(why: {
  outcome: string | null
  reason: string
  exit_code: number | null
  node_name: string
}): string {
  const where = why.node_name === '' ? '' : ` on ${why.node_name}`
  if (why.reason !== '') return `${why.outcome ?? 'failed'}${where}: ${why.reason}`
  if (why.exit_code !== null) return `ended with status ${why.exit_code}${where}`
  return `${why.outcome ?? 'failed'}${where}`
}

/** Of each job the newest alone, of few jobs, and not what is long over: the failing ones come first. */
function late({ timeline }: AttentionSources): readonly Matter[] {
  if (timeline === undefined) return []
  const nowMs = (Date.parse(timeline.from) + Date.parse(timeline.to)) / 2
  const recent = timeline.late.filter(({ scheduled_at }) => Date.parse(scheduled_at ?? '') > nowMs - lateForMs)
  const newest = [...new Map(recent.map((entry) => [entry.job, entry] as const)).values()].reverse()
  return newest.slice(0, mostLate).map((entry) => ({
    key: `late ${entry.job}`,
    tone: 'warn',
    subject: entry.job,
    href: paths.job(entry.job),
    text: latenessText(entry),
    at: entry.scheduled_at,
  }))
}

function latenessText({ outcome, reason, lateness_ms, node_name }: TimelineEntry): string {
  if (outcome === 'missed') return reason === '' ? 'missed a fire' : `missed a fire: ${reason}`
  const where = node_name === '' ? '' : ` on ${node_name}`
  return lateness_ms === null ? `started late${where}` : `started ${durationText(lateness_ms)} late${where}`
}
