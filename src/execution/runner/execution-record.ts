/** Execution records: what the history will say about an order. */
import {
  type Execution,
  executionId,
  executionKey,
  type Outcome,
  type RunningExecution,
  type StartOrder,
} from '../../model/execution.ts'
import type { AcceptedOrder } from './key-state.ts'
import type { CommandEnd, LiveCommand } from './live-command.ts'

export function acceptedOrder(order: StartOrder, nodeName: string, now: number): AcceptedOrder {
  const id = executionId(order, nodeName)
  const key = executionKey(order.jobName, id)
  return { key, id, nodeName, order, acceptedAt: now, refusal: null, isStarting: false, spawn: null }
}

function identity({ id, nodeName, order }: AcceptedOrder) {
  const { jobName, group, attempt, scheduledAt } = order
  return { id, jobName, group, attempt, nodeName, scheduledAt }
}

/** Of a command that never ran, or whose end nobody saw. Its output is the reason: that is where people look. */
export function recordWithoutRun(
  accepted: AcceptedOrder,
  outcome: Exclude<Outcome, 'succeeded' | 'unplaced'>,
  reason: string,
  now: number,
): Execution {
  const startedAt = accepted.spawn?.startedAt ?? now
  const output = outcome === 'failed' ? `${reason}\n` : ''
  return {
    ...identity(accepted),
    startedAt,
    finishedAt: Math.max(now, startedAt),
    outcome,
    reason,
    exitCode: null,
    signal: null,
    output,
    outputBytes: Buffer.byteLength(output),
  }
}

export function recordOfRun(accepted: AcceptedOrder, command: LiveCommand, end: CommandEnd): Execution {
  const { startedAt, output } = command
  return { ...identity(accepted), startedAt, ...end, output: output.text(), outputBytes: output.totalBytes }
}

/** @param outputBytes the longest end of its output */
export function runningRecord(accepted: AcceptedOrder, command: LiveCommand, outputBytes: number): RunningExecution {
  const { startedAt, pid } = command
  return { ...identity(accepted), startedAt, pid, output: command.output.text(outputBytes) }
}
