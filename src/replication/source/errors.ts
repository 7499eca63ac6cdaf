/** What can keep a source task from going on. */
import { MillraceError } from '../../core/errors.ts'

/** The log holds a change of a table in scope as a statement: its rows can't be told. */
export class StatementFormatError extends MillraceError {
  readonly code = 'REPL_STATEMENT_FORMAT'
  readonly remedy = 'operator'
}

/** A statement acts on objects inside and outside the job's scope in a way that can't be taken apart. */
export class InexpressibleStatementError extends MillraceError {
  readonly code = 'REPL_STATEMENT_SCOPE'
  readonly remedy = 'operator'
}

/** A statement that Millrace does not know touches, or may touch, what the job replicates. */
export class UnknownStatementError extends MillraceError {
  readonly code = 'REPL_STATEMENT_UNKNOWN'
  readonly remedy = 'operator'
}

/** The target asked to begin again at its own position. */
export class RewindRequestedError extends MillraceError {
  readonly code = 'REPL_REWIND'
  readonly remedy = 'retry'
}

/** A newer source task feeds this job: its node has the task now. */
export class StaleSourceError extends MillraceError {
  readonly code = 'REPL_STALE_SOURCE'
  readonly remedy = 'operator'

  constructor(jobId: string, ownTerm: number, newerTerm: number) {
    super(`job ${jobId} has a newer source task (term ${newerTerm}, ours is ${ownTerm}); this task stops`)
  }
}

/** The source's log breaks a transaction off that had been passed on in part; the next run leaves it out. */
export class BrokenTransactionError extends MillraceError {
  readonly code = 'REPL_BROKEN_TRANSACTION'
  readonly remedy = 'retry'
}

/** Tables keep being altered while the copy tries to look at them. */
export class UnsteadyStructureError extends MillraceError {
  readonly code = 'REPL_UNSTEADY_STRUCTURE'
  readonly remedy = 'retry'
}

/** The rows of a prepared XA transaction are no longer in the source's log. */
export class PreparedTransactionLostError extends MillraceError {
  readonly code = 'REPL_XA_LOST'
  readonly remedy = 'operator'
}
