/**
 * Running executions in an answer that may have only so many bytes.
 *
 * Easy to get wrong: the limit counts JSON, in which a control character takes six bytes and a broken one three.
 */
import type { RunningExecution } from '../model/execution.ts'

/** Shortens outputs at their beginnings until all fit; where even that is too much, the newest executions stay. */
export function runningWithin(executions: readonly RunningExecution[], limitBytes: number): RunningExecution[] {
  let fitting = [...executions]
  while (fitting.length > 0 && Buffer.byteLength(JSON.stringify(fitting)) > limitBytes)
    fitting = fitting.some(({ output }) => output !== '')
      ? fitting.map((execution) => ({ ...execution, output: lastHalf(execution.output) }))
      : fitting.slice(Math.ceil(fitting.length / 2))
  return fitting
}

function lastHalf(text: string): string {
  return text.slice(Math.ceil(text.length / 2)).toWellFormed()
}
