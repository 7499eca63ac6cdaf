/** What can be wrong with a request before any of its fields is looked at. */
import { MillraceError } from '../../core/errors.ts'

/** The body is not the JSON object it must be. */
export class MalformedBodyError extends MillraceError {
  readonly code = 'HTTP_MALFORMED_BODY'
  readonly remedy = 'fix-request'
}

/** The request itself (its target, headers or framing) is not valid HTTP. */
export class MalformedRequestError extends MillraceError {
  readonly code = 'HTTP_MALFORMED_REQUEST'
  readonly remedy = 'fix-request'
}

/** A web page that is not ours sent the request, or it was sent to a name that is not ours. */
export class ForeignRequestError extends MillraceError {
  readonly code = 'HTTP_FOREIGN_REQUEST'
  readonly remedy = 'fix-request'
}

/** The agent asks for a token, and the request shows none or another one. */
export class UnauthorizedError extends MillraceError {
  readonly code = 'HTTP_UNAUTHORIZED'
  readonly remedy = 'fix-request'
}

/** No route has this path. */
export class UnknownPathError extends MillraceError {
  readonly code = 'HTTP_UNKNOWN_PATH'
  readonly remedy = 'fix-request'
}

/** The path exists, but not with this method. */
export class MethodNotAllowedError extends MillraceError {
  readonly code = 'HTTP_METHOD_NOT_ALLOWED'
  readonly remedy = 'fix-request'
  readonly allowed: readonly string[]

  constructor(method: string, path: string, allowed: readonly string[]) {
    super(`${method} is not possible on ${path}, only ${allowed.join(', ')}`)
    this.allowed = allowed
  }
}

/** The body is longer than the limit. */
export class BodyTooLargeError extends MillraceError {
  readonly code = 'HTTP_BODY_TOO_LARGE'
  readonly remedy = 'fix-request'

  constructor(limitBytes: number) {
    super(`the body is longer than the limit of ${limitBytes} bytes`)
  }
}
