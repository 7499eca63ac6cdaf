/** Executions as the events tell them: without output. */
import type { Execution, RunningExecution } from '../../../model/execution.ts'
import { timeText } from '../time-text.ts'
import type { ExecutionItem } from './event-batch.ts'

type Known = Pick<RunningExecution, 'id' | 'jobName' | 'group' | 'attempt' | 'nodeName' | 'scheduledAt' | 'startedAt'>

export function executionItem(execution: Execution): ExecutionItem {
  const { outcome, startedAt, finishedAt } = execution
  const durationMs = finishedAt - startedAt
  return { ...common(execution), outcome, finished_at: timeText(finishedAt), duration_ms: durationMs }
}

export function runningItem(execution: Known): ExecutionItem {
  return { ...common(execution), outcome: 'running', finished_at: null, duration_ms: null }
}

function common({ jobName, id, nodeName, group, attempt, scheduledAt, startedAt }: Known) {
  return {
    ...{ job: jobName, id, node_name: nodeName, group, attempt },
    scheduled_at: timeText(scheduledAt),
    started_at: new Date(startedAt).toISOString(),
  }
}
