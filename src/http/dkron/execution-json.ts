/**
 * Executions as the Dkron API spells them, with what 0.7.2 did not tell.
 *
 * Easy to get wrong: clients of 0.7.2 see only `success` and `output`. So a fire that was never started, or whose end
 * nobody saw, carries its reason as output too.
 */
import type { Execution, RunningExecution } from '../../model/execution.ts'
import { rawNumber } from '../shared/json-answer.ts'
import { dateText } from './job-json.ts'

export function executionJson(execution: Execution) {
  const { outcome, output, reason } = execution
  const hasOwnOutput = outcome === 'succeeded' || outcome === 'failed'
  return {
    ...commonJson(execution),
    finished_at: dateText(execution.finishedAt),
    success: outcome === 'succeeded',
    output: output === '' && !hasOwnOutput ? reason : output,
    outcome: outcome as string,
    reason,
    exit_code: execution.exitCode,
    signal: execution.signal,
    running: false,
  }
}

export function runningJson(execution: RunningExecution) {
  return {
    ...commonJson(execution),
    finished_at: null,
    success: false,
    output: execution.output,
    outcome: 'running',
    reason: '',
    exit_code: null,
    signal: null,
    running: true,
  }
}

/**
 * Both kinds in one list, the one that started first first. What is already known to have ended runs no more; what was
 * given up as lost and is seen to run is not lost.
 */
export function executionsJson(recorded: readonly Execution[], running: readonly RunningExecution[]) {
  const runningIds = new Set(running.map(({ id }) => id))
  const ended = recorded.filter(({ id, outcome }) => outcome !== 'lost' || !runningIds.has(id))
  const endedIds = new Set(ended.map(({ id }) => id))
  const entries = [
    ...ended.map((execution) => ({ startedAt: execution.startedAt, json: executionJson(execution) })),
    ...running
      .filter(({ id }) => !endedIds.has(id))
      .map((execution) => ({ startedAt: execution.startedAt, json: runningJson(execution) })),
  ]
  return entries.sort((a, b) => a.startedAt - b.startedAt).map(({ json }) => json)
}

function commonJson(execution: Omit<RunningExecution, 'pid' | 'output'>) {
  return {
    id: execution.id,
    job_name: execution.jobName,
    group: rawNumber(execution.group),
    attempt: execution.attempt,
    node_name: execution.nodeName,
    scheduled_at: dateText(execution.scheduledAt),
    started_at: dateText(execution.startedAt),
  }
}
