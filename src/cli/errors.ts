/** What keeps a command from being done. */
import { type Issue, MillraceError } from '../core/errors.ts'

/** The agent answered with an error, or did not answer. */
export class CallFailedError extends MillraceError {
  readonly code = 'CLI_CALL_FAILED'
  readonly remedy = 'operator'
  /** The HTTP status of the answer; null when there was none. */
  readonly status: number | null

  constructor(message: string, options: { readonly status?: number; readonly cause?: unknown } = {}) {
    super(message, options.cause === undefined ? {} : { cause: options.cause })
    this.status = options.status ?? null
  }
}

/** A flag or an argument cannot be meant so; no agent was asked. */
export class WrongCallError extends MillraceError {
  readonly code = 'CLI_WRONG_CALL'
  readonly remedy = 'fix-request'
}

/** The agent found values that it does not take; nothing was changed. */
export class RequestRefusedError extends MillraceError {
  readonly code = 'CLI_REFUSED'
  readonly remedy = 'fix-request'
  readonly issues: readonly Issue[]

  constructor(message: string, issues: readonly Issue[]) {
    super(message)
    this.issues = issues
  }
}

/** A file of jobs cannot be read, or holds something else; nothing was changed. */
export class DocumentError extends MillraceError {
  readonly code = 'CLI_DOCUMENT'
  readonly remedy = 'fix-request'
}
