/** What keeps a copy without a cluster from being made, or ends it. */
import { type ErrorOptions, MillraceError, type Remedy } from '../../core/errors.ts'

/** --work-dir cannot be used, is in use, or belongs to another copy. */
export class CopyWorkDirError extends MillraceError {
  readonly code = 'COPY_WORK_DIR'
  readonly remedy = 'fix-request'
}

/** A task met something that somebody must cure; the message is the task's own. */
export class CopyFailedError extends MillraceError {
  readonly code = 'COPY_FAILED'
  readonly remedy = 'operator'

  constructor(message: string, taskCode: string, taskRemedy: Remedy) {
    super(message, { details: { taskCode, taskRemedy } })
  }
}

/** The copy's own process ended though nobody told it to. */
export class CopyEndedError extends MillraceError {
  readonly code = 'COPY_ENDED'
  readonly remedy = 'bug'

  constructor(how: string, lastLines: string, options: ErrorOptions = {}) {
    super(
      `the process that makes the copy ended ${how}${lastLines === '' ? '' : `; its last words: ${lastLines}`}`,
      options,
    )
  }
}
