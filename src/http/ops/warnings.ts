/**
 * What somebody should know about the state of the cluster, in words, with the cure: facts in, warnings out, worst first.
 *
 * Easy to get wrong: a cluster as somebody chose it is not ill. One agent alone keeps one copy of everything, which is
 * worth a note and no alarm.
 */
import { memberWarnings } from './member-warnings.ts'
import { natsWarnings } from './nats-warnings.ts'
import type { Overview } from './overview.ts'
import type { Severity, Warning } from './warning.ts'

const rank: Readonly<Record<Severity, number>> = { critical: 0, warning: 1, note: 2 }

export function warningsOf(overview: Overview): readonly Warning[] {
  const found = [...memberWarnings(overview), ...natsWarnings(overview), ...unreadJobs(overview)]
  return found.sort((a, b) => rank[a.severity] - rank[b.severity])
}

/** Whether anything is not as it should be: a warning that is no note, or a job that failed. */
export function needsAttention(overview: Overview, warnings: readonly Warning[]): boolean {
  const { scheduled, replication } = overview
  const jobs =
    (scheduled.kind === 'read' ? scheduled.value.failing : 0) +
    (replication.kind === 'read' ? replication.value.attention.length : 0)
  return jobs > 0 || warnings.some(({ severity }) => severity !== 'note')
}

function unreadJobs({ scheduled, replication }: Overview): readonly Warning[] {
  const parts = [
    ['the scheduled jobs', scheduled],
    ['the replication jobs', replication],
  ] as const
  return parts.flatMap(([what, part]): Warning[] =>
    part.kind === 'read'
      ? []
      : [{ severity: 'warning', text: `${what} could not be read: ${part.reason}; ask again, or another node` }],
  )
}
