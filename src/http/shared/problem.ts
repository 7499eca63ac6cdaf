/**
 * Errors as HTTP answers: RFC 9457 problem JSON.
 *
 * Easy to get wrong: the status follows from the class and its `remedy`, never from message text; the message of an
 * error that is not ours may hold anything, so it stays in the log.
 */
import { ConflictError, InvalidError, type Issue, MillraceError, NotFoundError } from '../../core/errors.ts'
import {
  BodyTooLargeError,
  ForeignRequestError,
  MalformedBodyError,
  MalformedRequestError,
  MethodNotAllowedError,
  UnauthorizedError,
  UnknownPathError,
} from './errors.ts'

export interface Problem {
  readonly type: 'about:blank'
  readonly title: string
  readonly status: number
  readonly detail: string
  /** The stable code of docs/errors.md. */
  readonly code: string
  readonly errors: readonly Issue[]
}

const longestDetail = 1_000
const longestField = 200

const titles: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  408: 'Request Timeout',
  409: 'Conflict',
  413: 'Content Too Large',
  422: 'Unprocessable Content',
  431: 'Request Header Fields Too Large',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
}

export function statusOf(error: unknown): number {
  if (!(error instanceof MillraceError)) return 500
  if (error instanceof MalformedBodyError || error instanceof MalformedRequestError) return 400
  if (error instanceof UnauthorizedError) return 401
  if (error instanceof ForeignRequestError) return 403
  if (error instanceof NotFoundError || error instanceof UnknownPathError) return 404
  if (error instanceof MethodNotAllowedError) return 405
  if (error instanceof ConflictError) return 409
  if (error instanceof BodyTooLargeError) return 413
  switch (error.remedy) {
    case 'fix-request':
      return 422
    case 'retry':
    case 'operator':
      return 503
    case 'bug':
      return 500
  }
}

/** Headers that go with an error besides its body. */
export function headersOf(error: unknown): Readonly<Record<string, string>> {
  if (error instanceof MethodNotAllowedError) return { allow: error.allowed.join(', ') }
  if (error instanceof UnauthorizedError) return { 'www-authenticate': 'Bearer' }
  return statusOf(error) === 503 ? { 'retry-after': '1' } : {}
}

/** @param requestId what the log has the details of an unexpected error under */
export function problemOf(error: unknown, requestId: string): Problem {
  const status = statusOf(error)
  if (error instanceof MillraceError && status !== 500)
    return problem(status, error.code, error.message, error instanceof InvalidError ? error.issues : [])
  const detail = `an error inside the agent, its log has the details under request ${requestId}`
  return problem(status, error instanceof MillraceError ? error.code : 'INTERNAL', detail, [])
}

export function problem(status: number, code: string, message: string, issues: readonly Issue[] = []): Problem {
  const detail = cut(message, longestDetail)
  const errors = issues.map(({ field, value, message }) => ({ field: cut(field, longestField), value, message }))
  return { type: 'about:blank', title: titles[status] ?? 'Error', status, detail, code, errors }
}

/** Names in messages come from requests, and may be of any length. */
function cut(text: string, length: number): string {
  return text.length > length ? `${text.slice(0, length)}...` : text
}
