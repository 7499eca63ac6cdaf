/** What somebody should look at, the worst first, from all the answers that tell of it. */
import type { ClusterAnswer } from '../../api/cluster-wire.ts'
import { paths } from '../../routes.ts'
import type { JobSummaries } from './summaries-wire.ts'
import type { TimelineAnswer } from './timeline/timeline-wire.ts'

export interface Matter {
  readonly key: string
  readonly tone: 'bad' | 'warn' | 'note'
  /** What it is about; empty for the cluster itself. */
  readonly subject: string
  readonly href: string
  readonly text: string
  readonly at: string | null
}

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

function late({ timeline }: AttentionSources): readonly Matter[] {
  return (timeline?.late ?? []).map((entry) => ({
    key: `late ${entry.job} ${entry.scheduled_at}`,
    tone: 'warn',
    subject: entry.job,
    href: paths.job(entry.job),
    text: entry.reason === undefined || entry.reason === '' ? 'is late' : entry.reason,
    at: entry.scheduled_at ?? null,
  }))
}
