/**
 * What can go wrong in an ordinary session with a MySQL or MariaDB server.
 *
 * Easy to get wrong: a server's own message may hold row data (`Duplicate entry 'alice' for key ...`). Messages here
 * pass through `withoutRowData` first, see driver-errors.ts.
 */
import { MillraceError } from '../core/errors.ts'

/** The server can't be reached, or it has no room for another connection now. */
export class ServerUnreachableError extends MillraceError {
  readonly code = 'MYSQL_UNREACHABLE'
  readonly remedy = 'retry'
}

/** The connection broke, or the server shut down, while something was under way. What was sent may or may not hold. */
export class LostConnectionError extends MillraceError {
  readonly code = 'MYSQL_CONNECTION_LOST'
  readonly remedy = 'retry'
}

/** User or password is wrong, or the user may not connect from here. */
export class AccessDeniedError extends MillraceError {
  readonly code = 'MYSQL_ACCESS_DENIED'
  readonly remedy = 'operator'
}

/** The user lacks a privilege; the message names it and the GRANT that gives it. */
export class MissingPrivilegeError extends MillraceError {
  readonly code = 'MYSQL_MISSING_PRIVILEGE'
  readonly remedy = 'operator'
}

/** A setting of the server is not what the job needs; the message names it, its value and the cure. */
export class ServerSettingError extends MillraceError {
  readonly code = 'MYSQL_SERVER_SETTING'
  readonly remedy = 'operator'
}

/** The server is of a kind or an age that Millrace does not know. */
export class UnsupportedServerError extends MillraceError {
  readonly code = 'MYSQL_UNSUPPORTED_SERVER'
  readonly remedy = 'operator'
}

/** A deadlock or a lock wait that took too long: the transaction was, or should be, rolled back and tried again. */
export class LockConflictError extends MillraceError {
  readonly code = 'MYSQL_LOCK_CONFLICT'
  readonly remedy = 'retry'
  readonly errno: number
  constructor(message: string, errno: number, cause?: unknown) {
    super(message, { cause, details: { errno } })
    this.errno = errno
  }
}

/** The server answered with bytes that its protocol does not allow. */
export class ProtocolError extends MillraceError {
  readonly code = 'MYSQL_PROTOCOL'
  readonly remedy = 'bug'
}

export interface SqlErrorFacts {
  readonly errno: number
  readonly sqlState: string
  /** Which of several statements in one packet failed, counted from 0. */
  readonly statementIndex: number
}

/** The server refused a statement for another reason. */
export class SqlError extends MillraceError {
  readonly code = 'MYSQL_SQL'
  readonly remedy = 'operator'
  readonly errno: number
  readonly sqlState: string
  readonly statementIndex: number
  constructor(message: string, facts: SqlErrorFacts, cause?: unknown) {
    super(message, { cause, details: { ...facts } })
    this.errno = facts.errno
    this.sqlState = facts.sqlState
    this.statementIndex = facts.statementIndex
  }
}

/** The error number the server gave, or null for errors that did not come from a statement. */
export function errnoOf(error: unknown): number | null {
  if (error instanceof SqlError || error instanceof LockConflictError) return error.errno
  return null
}
