/** Which scheduled jobs somebody should look at: those whose last fire did not succeed everywhere. */
import type { Execution } from '../../model/execution.ts'
import type { JobDetails } from '../../schedule/job-service.ts'

/**
 * True when the counts say that the last execution failed in whatever way; its executions tell how. A job that was
 * disabled is somebody's decision, and left alone.
 */
export function mayNeedAttention({ job, counters }: JobDetails): boolean {
  return !job.isDisabled && counters.lastErrorAt !== null && counters.lastErrorAt >= (counters.lastSuccessAt ?? 0)
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
