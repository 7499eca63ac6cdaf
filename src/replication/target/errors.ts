/** What stops a target task, in words for whoever must act. */
import { MillraceError } from '../../core/errors.ts'

/** Another task owns this job now: its assignment is newer than ours. */
export class StaleOwnerError extends MillraceError {
  readonly code = 'REPL_STALE_OWNER'
  readonly remedy = 'operator'
}

/** A session of an earlier task of this job is still there, with its locks, and could not be ended. */
export class LeftSessionError extends MillraceError {
  readonly code = 'REPL_LEFT_SESSION'
  readonly remedy = 'retry'

  constructor(where: string, connectionIds: readonly string[]) {
    const ids = connectionIds.join(', ')
    super(
      `an earlier task of this job is still connected to ${where} (connection ${ids}) and may hold locks; it ends when its ` +
        `last transaction is undone, or end it there as an administrator with KILL ${connectionIds[0]}`,
    )
  }
}

/** A table of the copy is there already and holds rows. */
export class TargetNotEmptyError extends MillraceError {
  readonly code = 'REPL_TARGET_NOT_EMPTY'
  readonly remedy = 'operator'
}

/** A table at the target is not the source's table. */
export class TargetTableDiffersError extends MillraceError {
  readonly code = 'REPL_TABLE_DIFFERS'
  readonly remedy = 'operator'
}

/** SQL would fire triggers of the target for changes that the source's triggers already made. */
export class TargetTriggerError extends MillraceError {
  readonly code = 'REPL_TARGET_TRIGGER'
  readonly remedy = 'operator'
}

/** A change of the source could not be made at the target; the whole transaction was rolled back. */
export class ApplyError extends MillraceError {
  readonly code = 'REPL_APPLY_FAILED'
  readonly remedy = 'operator'
}

/** A row that the source changed is not at the target, or is there more than once. */
export class RowMissingError extends MillraceError {
  readonly code = 'REPL_ROW_MISSING'
  readonly remedy = 'operator'
}

/** A value would have been changed by the target on its way in. */
export class ValueChangedError extends MillraceError {
  readonly code = 'REPL_VALUE_CHANGED'
  readonly remedy = 'operator'
}

/** A statement of the source failed at the target. */
export class DdlFailedError extends MillraceError {
  readonly code = 'REPL_DDL_FAILED'
  readonly remedy = 'operator'
}

/** The frames do not go on where the target stands: the source task has to begin again. */
export class FrameGapError extends MillraceError {
  readonly code = 'REPL_FRAME_GAP'
  readonly remedy = 'retry'
}

/** The bookkeeping tables were made by another version of Millrace. */
export class BookkeepingVersionError extends MillraceError {
  readonly code = 'REPL_BOOKKEEPING_VERSION'
  readonly remedy = 'operator'
}
