/** What stops either task of a job. */
import { MillraceError } from '../core/errors.ts'

/** Source and target are one server. */
export class SameServerError extends MillraceError {
  readonly code = 'REPL_SAME_SERVER'
  readonly remedy = 'operator'
}
