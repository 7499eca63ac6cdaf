/** A server's error with the table and the key it came from. */
import { MillraceError } from '../../core/errors.ts'
import { SqlError } from '../../mysql/errors.ts'
import { ApplyError } from './errors.ts'

interface Blamed {
  readonly table: string
  readonly key: () => string
}

/**
 * Errors that pass by themselves, and ours, stay as they are.
 *
 * @param isExact the blame is sure; by default when there is but one statement
 */
export function describeFailure(
  error: unknown,
  statements: readonly Blamed[],
  isExact = statements.length === 1,
): unknown {
  if (!(error instanceof SqlError)) return error
  const blamed = statements[error.statementIndex] ?? statements[0]
  if (blamed === undefined) return error
  return new ApplyError(`the target refused a change of table ${blamed.table} (${blamed.key()}): ${error.message}`, {
    cause: error,
    details: { errno: error.errno, isExact },
  })
}

/** The server's number behind an error of applying; null when there is none. */
export function serverErrno(error: unknown): number | null {
  for (let at: unknown = error; at instanceof Error; at = at.cause) if (at instanceof SqlError) return at.errno
  return null
}

/** True for errors that another try may not meet: deadlocks, lost connections. */
export function isPassing(error: unknown): boolean {
  return error instanceof MillraceError && error.remedy === 'retry'
}
