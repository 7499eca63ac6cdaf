/**
 * The base of every error of ours.
 *
 * Easy to get wrong: HTTP status, log level and whether to retry follow from `remedy`, never from the message.
 * Each layer has its own `errors.ts` with classes that extend this one; a stable `code` names each of them in
 * docs/errors.md.
 */

/** Who can do something about it: the caller, time, the operator, or us. */
export type Remedy = 'fix-request' | 'retry' | 'operator' | 'bug'

export interface ErrorOptions {
  readonly cause?: unknown
  /** Facts for logs and answers. Never a secret, never row data. */
  readonly details?: Readonly<Record<string, unknown>>
}

export abstract class MillraceError extends Error {
  /** Stable, upper case, documented in docs/errors.md. */
  abstract readonly code: string
  abstract readonly remedy: Remedy
  readonly details: Readonly<Record<string, unknown>>

  constructor(message: string, options: ErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = new.target.name
    this.details = options.details ?? {}
  }
}

/** One value that is not acceptable: what an API answers in its list of errors. */
export interface Issue {
  /** The field as its own format names it, for example `schedule` or `Tasks[0].Config.ConnectionConfig.Port`. */
  readonly field: string
  readonly value: unknown
  /** What is wrong and what is allowed. */
  readonly message: string
}

/** The caller asked for something that is not valid; nothing was changed. */
export class InvalidError extends MillraceError {
  readonly code = 'INVALID'
  readonly remedy = 'fix-request'
  readonly issues: readonly Issue[]

  constructor(issues: readonly Issue[]) {
    super(issues.map((issue) => `${issue.field}: ${issue.message}`).join('; '))
    this.issues = issues
  }
}

/** What the caller named does not exist. */
export class NotFoundError extends MillraceError {
  readonly code = 'NOT_FOUND'
  readonly remedy = 'fix-request'
}

/** Somebody else changed the same thing first; the caller may read again and repeat. */
export class ConflictError extends MillraceError {
  readonly code = 'CONFLICT'
  readonly remedy = 'retry'
}

/** The cluster cannot take the request now (no leader, no quorum, shutting down). */
export class UnavailableError extends MillraceError {
  readonly code = 'UNAVAILABLE'
  readonly remedy = 'retry'
}

/** What an earlier leader tries after another node has taken over; nothing was changed, and nothing will be. */
export class LeadershipLostError extends MillraceError {
  readonly code = 'LEADERSHIP_LOST'
  readonly remedy = 'retry'

  constructor(ownTerm: number, foundTerm: number) {
    super(`the reign of term ${ownTerm} is over, a leader of term ${foundTerm} has taken over`, {
      details: { ownTerm, foundTerm },
    })
  }
}

/** The message of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
