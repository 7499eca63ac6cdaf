/** What can go wrong around the tasks of a replication job; what happens inside them is in source/ and target/. */
import { type ErrorOptions, MillraceError } from '../../core/errors.ts'
import type { TaskRole } from '../../model/replication-job.ts'

/** A password cannot be had on the node that runs the task. */
export class SecretUnavailableError extends MillraceError {
  readonly code = 'REPL_SECRET'
  readonly remedy = 'operator'
}

/** A task's process ended although nobody told it to. It is started again. */
export class TaskEndedError extends MillraceError {
  readonly code = 'REPL_TASK_ENDED'
  readonly remedy = 'retry'
}

/** A task's process ends again and again. It is still started again, more slowly. */
export class TaskKeepsEndingError extends MillraceError {
  readonly code = 'REPL_TASK_KEEPS_ENDING'
  readonly remedy = 'operator'

  constructor(role: TaskRole, nodeName: string, times: number, how: string, options: ErrorOptions = {}) {
    super(
      `the process of the ${role} task on node ${nodeName} ended ${times} times in a row, the last time ${how}; ` +
        "its last lines in that node's log say why",
      options,
    )
  }
}

/** A task's process lives but tells nothing. It is killed and started again. */
export class TaskSilentError extends MillraceError {
  readonly code = 'REPL_TASK_SILENT'
  readonly remedy = 'retry'
}

/**
 * A task's process found that a newer owner was at the job's target, or feeds its stream, although this node has the task.
 * It is started again under a higher term.
 */
export class TaskFencedError extends MillraceError {
  readonly code = 'REPL_TASK_FENCED'
  readonly remedy = 'retry'

  constructor(role: TaskRole, nodeName: string, options: ErrorOptions = {}) {
    super(
      `the ${role} task on node ${nodeName} found a newer owner of its job and ended; it is started again, and if this ` +
        'lasts, look for another cluster that has a job with the same ID and target',
      options,
    )
  }
}
