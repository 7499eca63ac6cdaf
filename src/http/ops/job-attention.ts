/** Which scheduled jobs somebody should look at: those whose last fire did not succeed everywhere. */
import type { Execution } from '../../model/execution.ts'
import type { JobDetails } from '../../schedule/job-service.ts'

/** Nodes of one fire that end further apart than this are not looked at together. */
const longestFireMs = 3_600_000

/**
 * What the counts say: the last execution `failed` in whatever way, or one did so shortly before it and `may` be of the
 * same fire, on another node; its executions tell. Else `none`, as for a disabled job: that was somebody's decision.
 */
export function suspicionOf({ job, counters }: JobDetails): 'failed' | 'may' | 'none' {
  const { lastErrorAt, lastSuccessAt } = counters
  if (job.isDisabled || lastErrorAt === null) return 'none'
  const succeededLaterBy = (lastSuccessAt ?? 0) - lastErrorAt
  if (succeededLaterBy <= 0) return 'failed'
  return succeededLaterBy <= longestFireMs ? 'may' : 'none'
}

/**
 * The execution that needs attention, or null when the last fire succeeded on every node.
 *
 * Easy to get wrong: a try that failed and was repeated counts no more, and a fire that was skipped because the job
 * still ran says nothing about the job.
 */
export function failureOf(executions: readonly Execution[]): Execution | null {
  const fires = executions.filter(({ outcome }) => outcome !== 'skipped')
  const newest = fires.reduce<bigint>((most, { group }) => (BigInt(group) > most ? BigInt(group) : most), 0n)
  const ofNewest = fires.filter(({ group }) => BigInt(group) === newest)
  return ofNewest.find((one) => one.outcome !== 'succeeded' && !isRepeated(one, ofNewest)) ?? null
}

/** A later try of the same node, or, when its node was lost, of one that had not tried before. */
function isRepeated({ nodeName, attempt, outcome }: Execution, all: readonly Execution[]): boolean {
  const triedThen = (name: string) => all.some((one) => one.nodeName === name && one.attempt <= attempt)
  return all.some(
    (later) =>
      later.attempt > attempt && (later.nodeName === nodeName || (outcome === 'lost' && !triedThen(later.nodeName))),
  )
}
