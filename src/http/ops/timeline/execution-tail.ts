/**
 * How the fires of the last hours went, as this node has seen it: counts by small spans of time, and the last that failed
 * or were late.
 *
 * Easy to get wrong: its memory does not depend on how much runs. An execution is counted where its fire was due; one that
 * was given up as lost and turns up later is counted anew.
 */
import { type Execution, executionKey, type Outcome } from '../../../model/execution.ts'

export const spanMs = 5_000
/** A day. */
const spanCount = 17_280
const mostShown = 200
const mostLost = 2_000
/** Later than this is worth a look: nodes that are busy start within a second or two. */
const lateAfterMs = 5_000

export type PastKind = 'succeeded' | 'failed' | 'missed'

const kindOf: Readonly<Record<Outcome, PastKind>> = {
  succeeded: 'succeeded',
  ...{ failed: 'failed', unknown: 'failed', lost: 'failed' },
  ...{ missed: 'missed', skipped: 'missed', unplaced: 'missed' },
}

/** Without its output. */
export type PastExecution = Omit<Execution, 'output' | 'outputBytes'>

export class ExecutionTail {
  readonly #counts: Readonly<Record<PastKind, Int32Array>> = {
    succeeded: new Int32Array(spanCount),
    failed: new Int32Array(spanCount),
    missed: new Int32Array(spanCount),
  }
  /** Which span a place of the rings holds now. */
  readonly #spans = new Float64Array(spanCount).fill(-1)
  readonly #failed = new Map<string, PastExecution>()
  readonly #late = new Map<string, PastExecution>()
  readonly #lost = new Map<string, PastExecution>()

  note(execution: Execution): void {
    const key = executionKey(execution.jobName, execution.id)
    const lost = this.#lost.get(key)
    if (lost !== undefined) {
      this.#lost.delete(key)
      this.#failed.delete(key)
      this.#count(lost, -1)
    }
    this.#count(execution, 1)
    if (execution.outcome === 'lost') keep(this.#lost, key, execution, mostLost)
    if (kindOf[execution.outcome] === 'failed') keep(this.#failed, key, execution, mostShown)
    if (isLate(execution)) keep(this.#late, key, execution, mostShown)
  }

  /** How many fires were due in a span (number of it since the epoch) and went so. */
  count(kind: PastKind, span: number): number {
    const place = span % spanCount
    return this.#spans[place] === span ? (this.#counts[kind][place] ?? 0) : 0
  }

  /** The last that failed, the newest last. */
  failed(): readonly PastExecution[] {
    return [...this.#failed.values()]
  }

  /** The last that were started late or too late to start at all, the newest last. */
  late(): readonly PastExecution[] {
    return [...this.#late.values()]
  }

  #count(execution: PastExecution, change: 1 | -1): void {
    const span = spanOf(execution)
    const place = span % spanCount
    const held = this.#spans[place] ?? -1
    // Whoever reports after a day is too late for this.
    if (held > span) return
    if (held < span) {
      this.#spans[place] = span
      for (const counts of Object.values(this.#counts)) counts[place] = 0
    }
    const counts = this.#counts[kindOf[execution.outcome]]
    counts[place] = Math.max(0, (counts[place] ?? 0) + change)
  }
}

/** The span in which its fire was due; for a run by hand, in which it was started. */
export function spanOf({ scheduledAt, startedAt }: Pick<Execution, 'scheduledAt' | 'startedAt'>): number {
  return Math.floor((scheduledAt ?? startedAt) / spanMs)
}

function isLate({ scheduledAt, startedAt, attempt, outcome }: Execution): boolean {
  if (outcome === 'missed') return true
  if (scheduledAt === null || attempt > 1 || outcome === 'skipped' || outcome === 'unplaced' || outcome === 'lost')
    return false
  return startedAt - scheduledAt > lateAfterMs
}

function keep(map: Map<string, PastExecution>, key: string, execution: Execution, most: number): void {
  const { output: _output, outputBytes: _bytes, ...shown } = execution
  map.delete(key)
  map.set(key, { ...shown, reason: shown.reason.slice(0, 300) })
  const [oldest] = map.keys()
  if (map.size > most && oldest !== undefined) map.delete(oldest)
}
