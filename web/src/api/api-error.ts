/** What went wrong with a request, as the agent tells it (problem JSON) or as far as the browser knows. */

export interface FieldIssue {
  readonly field: string
  readonly value: unknown
  readonly message: string
}

export class ApiError extends Error {
  /** HTTP status; 0 when there was no answer. */
  readonly status: number
  /** The stable code of docs/errors.md, or `NO_ANSWER`. */
  readonly code: string
  readonly issues: readonly FieldIssue[]

  constructor(status: number, code: string, message: string, issues: readonly FieldIssue[] = []) {
    super(message)
    this.name = 'ApiError'
    this.status = status
    this.code = code
    this.issues = issues
  }

  /** The issue of one field, for showing it there. */
  issueOf(field: string): string | undefined {
    return this.issues.find((issue) => issue.field === field)?.message
  }
}

/** @returns `error` when it is one of ours, else one that says what can be said of it */
export function asApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error
  return new ApiError(0, 'PAGE', error instanceof Error ? error.message : String(error))
}

/** The error that an answer which is not 2xx tells; anything may be in `body`, a proxy's page for example. */
export function errorOfAnswer(status: number, body: string): ApiError {
  const problem = parsed(body)
  const message =
    typeof problem.detail === 'string' && problem.detail !== '' ? problem.detail : `the answer was ${status}`
  const code = typeof problem.code === 'string' ? problem.code : `HTTP_${status}`
  const issues = Array.isArray(problem.errors) ? problem.errors.filter(isIssue) : []
  return new ApiError(status, code, message, issues)
}

function parsed(body: string): { detail?: unknown; code?: unknown; errors?: unknown } {
  try {
    const value: unknown = JSON.parse(body)
    return typeof value === 'object' && value !== null ? value : {}
  } catch {
    return {}
  }
}

function isIssue(value: unknown): value is FieldIssue {
  return typeof value === 'object' && value !== null && 'field' in value && 'message' in value
}
