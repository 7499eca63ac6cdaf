/**
 * What is wrong, or worth knowing, about a server that a job is to use: the rules of the tasks' own checks as data, so
 * that a task can stop at the first error and a check before a job can list them all.
 */
import { MillraceError } from '../../core/errors.ts'
import { MissingPrivilegeError, ServerSettingError } from '../../mysql/errors.ts'

/** `error`: a task stops at it. `warning`: a job runs with a drawback. `note`: worth knowing. */
export type Severity = 'error' | 'warning' | 'note'

export interface Finding {
  readonly severity: Severity
  readonly kind: 'privilege' | 'setting' | 'table'
  /** What is wrong, with the server and the object. */
  readonly text: string
  /** What to do, in words; follows the text after a semicolon. */
  readonly advice: string
  /** What an administrator runs to cure it; several statements are separated by `;` and a new line. */
  readonly cureSql: string | null
  /** Lines for the server's configuration, for what can't be set while it runs or would not last. */
  readonly cureConfig: string | null
}

const ranks: Readonly<Record<Severity, number>> = { error: 0, warning: 1, note: 2 }

/** The same, the worst first; equals stay in their order. */
export function worstFirst(findings: readonly Finding[]): readonly Finding[] {
  return findings.toSorted((a, b) => ranks[a.severity] - ranks[b.severity])
}

/** For a task, which goes no further. @throws MissingPrivilegeError or ServerSettingError for the first error */
export function stopAtFirst(findings: readonly Finding[]): void {
  const first = findings.find(({ severity }) => severity === 'error')
  if (first === undefined) return
  const message = `${first.text}; ${first.advice}`
  const details = { cure: first.cureSql ?? first.cureConfig }
  throw first.kind === 'privilege'
    ? new MissingPrivilegeError(message, { details })
    : new ServerSettingError(message, { details })
}

/** What cures an error, as a problem of a task tells it; nothing where its message tells all. */
export function cureIn(error: unknown): { readonly cure?: string } {
  const cure = error instanceof MillraceError ? error.details['cure'] : undefined
  return typeof cure === 'string' ? { cure } : {}
}

/** `a, b and 3 more` */
export function listed(names: readonly string[], most = 5): string {
  if (names.length <= most) return names.join(', ')
  return `${names.slice(0, most).join(', ')} and ${names.length - most} more`
}
