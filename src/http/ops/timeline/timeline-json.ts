/** Fires past and to come as `GET /ops/timeline` spells them. */
import type { QueryFields } from '../query-fields.ts'
import { latenessMs } from '../scheduled/fires-json.ts'
import type { RunningBrief } from '../scheduled/running-watch.ts'
import { timeText } from '../time-text.ts'
import { type ExecutionTail, type PastExecution, spanMs, spanOf } from './execution-tail.ts'

const longestMs = 48 * 3_600_000
const usualHalfMs = 1_800_000
const mostBuckets = 500
const usualBuckets = 60
const mostShown = 100

export interface TimelineWindow {
  readonly fromMs: number
  readonly toMs: number
  readonly bucketMs: number
}

/** @throws InvalidError */
export function readWindow(query: QueryFields, nowMs: number): TimelineWindow {
  const fromMs = query.instant('from') ?? nowMs - usualHalfMs
  const toMs = query.instant('to') ?? fromMs + 2 * usualHalfMs
  const buckets = query.wholeNumber('buckets', { min: 1, max: mostBuckets, usual: usualBuckets })
  const bucketMs = (toMs - fromMs) / buckets
  if (toMs <= fromMs || toMs - fromMs > longestMs || fromMs < 0)
    query.fail('to', 'must be after from, and at most 48 hours after it')
  else if (bucketMs < spanMs) query.fail('buckets', `must be fewer: each is ${spanMs / 1_000} s long at least`)
  query.throwIfInvalid()
  return { fromMs, toMs, bucketMs }
}

export interface TimelineFacts {
  readonly nowMs: number
  readonly knownFromMs: number
  readonly tail: ExecutionTail
  readonly running: readonly RunningBrief[]
  readonly due: { readonly bySpan: ReadonlyMap<number, number>; readonly isComplete: boolean }
}

export function timelineJson({ fromMs, toMs, bucketMs }: TimelineWindow, facts: TimelineFacts) {
  const { tail, due, nowMs } = facts
  const count = Math.round((toMs - fromMs) / bucketMs)
  const buckets = Array.from({ length: count }, (_, index) => newBucket(fromMs + index * bucketMs))
  const bucketOf = (span: number) => buckets[Math.floor((span * spanMs - fromMs) / bucketMs)]
  const lastSpan = Math.ceil(toMs / spanMs)
  for (let span = Math.ceil(fromMs / spanMs); span < lastSpan; span += 1) {
    const bucket = bucketOf(span)
    if (bucket === undefined) continue
    bucket.succeeded += tail.count('succeeded', span)
    bucket.failed += tail.count('failed', span)
    bucket.missed += tail.count('missed', span)
    // What is due in the span that passes now is told by what has become of it soon.
    if ((span + 1) * spanMs > nowMs) bucket.due += due.bySpan.get(span) ?? 0
  }
  for (const execution of facts.running) {
    const bucket = bucketOf(spanOf(execution))
    if (bucket !== undefined) bucket.running += 1
  }
  const isWithin = (one: PastExecution) => spanOf(one) * spanMs >= fromMs - spanMs && spanOf(one) * spanMs <= toMs
  return {
    ...{ from: timeText(fromMs), to: timeText(toMs), known_from: timeText(facts.knownFromMs) },
    is_complete: due.isComplete,
    buckets,
    late: tail.late().filter(isWithin).slice(-mostShown).map(pastJson),
    failed: tail.failed().filter(isWithin).slice(-mostShown).map(pastJson),
  }
}

function newBucket(atMs: number) {
  return { at: timeText(Math.round(atMs)), succeeded: 0, failed: 0, missed: 0, running: 0, due: 0 }
}

function pastJson(execution: PastExecution) {
  const { jobName, id, nodeName, group, attempt, outcome, reason, exitCode } = execution
  return {
    ...{ job: jobName, id, node_name: nodeName, group, attempt, outcome, reason, exit_code: exitCode },
    scheduled_at: timeText(execution.scheduledAt),
    started_at: timeText(execution.startedAt),
    finished_at: timeText(execution.finishedAt),
    lateness_ms: latenessMs(execution),
  }
}
