/** The history of a job, by fire: what belongs to one fire on all nodes, the newest fire first. */
import type { Execution, Outcome, RunningExecution } from '../../../model/execution.ts'
import { timeText } from '../time-text.ts'
import type { PastRun } from './known-histories.ts'

const neverStarted: ReadonlySet<Outcome> = new Set(['missed', 'skipped', 'unplaced', 'lost'])

interface Shown {
  readonly group: string
  readonly scheduledAt: number | null
  readonly startedAt: number
  readonly json: ReturnType<typeof endedJson> | ReturnType<typeof runningJson>
}

/** @param before only fires older than this group; null: from the newest */
export function firesJson(
  recorded: readonly PastRun[],
  running: readonly RunningExecution[],
  { before, limit }: { readonly before: string | null; readonly limit: number },
) {
  const groups = Map.groupBy(shownOf(recorded, running), ({ group }) => group)
  const older = [...groups.keys()].filter((group) => before === null || isOlder(group, before))
  const page = older.sort((a, b) => (isOlder(a, b) ? 1 : -1)).slice(0, limit)
  return {
    fires: page.map((group) => fireJson(group, groups.get(group) ?? [])),
    next_before: older.length > page.length ? (page.at(-1) ?? null) : null,
  }
}

/** What is known to have ended runs no more; what was given up as lost and is seen to run is not lost. */
function shownOf(recorded: readonly PastRun[], running: readonly RunningExecution[]): readonly Shown[] {
  const runningIds = new Set(running.map(({ id }) => id))
  const ended = recorded.filter(({ id, outcome }) => outcome !== 'lost' || !runningIds.has(id))
  const endedIds = new Set(ended.map(({ id }) => id))
  return [
    ...ended.map((execution) => ({ ...execution, json: endedJson(execution) })),
    ...running
      .filter(({ id }) => !endedIds.has(id))
      .map((execution) => ({ ...execution, json: runningJson(execution) })),
  ]
}

function fireJson(group: string, executions: readonly Shown[]) {
  return {
    group,
    scheduled_at: timeText(executions[0]?.scheduledAt ?? null),
    executions: executions.toSorted((a, b) => a.startedAt - b.startedAt).map(({ json }) => json),
  }
}

export function endedJson(execution: PastRun) {
  const { outcome, startedAt, finishedAt } = execution
  const hasRun = !neverStarted.has(outcome)
  return {
    ...commonJson(execution),
    outcome: outcome as string,
    reason: execution.reason,
    exit_code: execution.exitCode,
    signal: execution.signal,
    lateness_ms: hasRun ? latenessMs(execution) : null,
    finished_at: timeText(finishedAt),
    duration_ms: hasRun ? finishedAt - startedAt : null,
    output_bytes: execution.outputBytes as number | null,
  }
}

function runningJson(execution: RunningExecution) {
  return {
    ...commonJson(execution),
    outcome: 'running',
    reason: '',
    exit_code: null,
    signal: null,
    lateness_ms: latenessMs(execution),
    finished_at: null,
    duration_ms: null,
    output_bytes: null,
  }
}

/** How long after its time it was started; null for a run by hand, and for what was tried again. */
export function latenessMs({
  scheduledAt,
  startedAt,
  attempt,
}: Pick<Execution, 'scheduledAt' | 'startedAt' | 'attempt'>) {
  return scheduledAt === null || attempt > 1 ? null : Math.max(0, startedAt - scheduledAt)
}

function commonJson({
  id,
  nodeName,
  attempt,
  startedAt,
}: Pick<Execution, 'id' | 'nodeName' | 'attempt' | 'startedAt'>) {
  return { id, node_name: nodeName, attempt, started_at: timeText(startedAt) }
}

/** Groups are decimal numbers larger than a double holds. */
function isOlder(group: string, other: string): boolean {
  return group.length === other.length ? group < other : group.length < other.length
}
