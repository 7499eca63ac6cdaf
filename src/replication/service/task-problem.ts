/** Problems around a task's process, in the form its reports have. */
import type { Clock } from '../../core/clock.ts'
import { MillraceError } from '../../core/errors.ts'
import type { TaskRole } from '../../model/replication-job.ts'
import { cureIn } from '../preflight/finding.ts'
import type { TaskProblem, TaskReport } from '../task-context.ts'
import { TaskEndedError, TaskFencedError, TaskKeepsEndingError } from './errors.ts'
import type { ExitInfo } from './ports.ts'
import { takenOverStatus } from './task-messages.ts'

/** From this many ends in a row on, somebody has to look. */
const alarmingEnds = 5

/** @returns null for an error that is not ours: its message may hold anything, so it belongs in the log alone */
export function problemOf(error: unknown, clock: Clock): TaskProblem | null {
  if (!(error instanceof MillraceError)) return null
  return { code: error.code, message: error.message, remedy: error.remedy, at: clock.now(), ...cureIn(error) }
}

/** @param times how often in a row, this one included */
export function endedError(role: TaskRole, nodeName: string, end: ExitInfo, times: number): MillraceError {
  if (end.code === takenOverStatus) return new TaskFencedError(role, nodeName)
  if (times >= alarmingEnds) return new TaskKeepsEndingError(role, nodeName, times, describeExit(end))
  return new TaskEndedError(
    `the process of the ${role} task on node ${nodeName} ended ${describeExit(end)}; it is started again`,
  )
}

function describeExit({ code, signal }: ExitInfo): string {
  // V8 aborts when its heap limit is reached: SIGABRT, or 134 where a shell or container passes it on.
  if (signal === 'SIGABRT' || code === 134) return 'because it ran out of its memory, or aborted'
  if (signal === 'SIGKILL') return 'by SIGKILL (killed by somebody, or by the system for want of memory)'
  return signal === null ? `with exit status ${code}` : `by ${signal}`
}

/** What is told of a process that has told nothing yet. */
export function emptyReport(role: TaskRole, description: string, problem: TaskProblem | null): TaskReport {
  return {
    role,
    stage: 'starting',
    description,
    problem,
    tables: [],
    rowsTotal: 0,
    bytesTotal: 0,
    transactionsTotal: 0,
    rowsPerSecond: 0,
    bytesPerSecond: 0,
    transactionsPerSecond: 0,
    lagMs: null,
    position: '',
    etaMs: null,
    strategy: null,
    ddlTotal: 0,
    queuedBytes: 0,
  }
}
