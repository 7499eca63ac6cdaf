/**
 * Every error of the NATS client becomes one of ours here, and nowhere else.
 *
 * Easy to get wrong: a request that timed out or lost its connection may still have been carried out. `UnavailableError`
 * therefore never means "not stored"; who repeats a write must make the repetition harmless.
 * Numbers: nats-server's server/errors.json.
 */

import { JetStreamApiError } from '@nats-io/jetstream'
import { errors, PermissionViolationError } from '@nats-io/nats-core'
import { ConflictError, MillraceError, messageOf, NotFoundError, UnavailableError } from '../core/errors.ts'
import {
  JetStreamDisabledError,
  NatsAccessError,
  NatsProtocolError,
  NatsTlsError,
  PayloadTooLargeError,
  StreamFullError,
} from './errors.ts'

/** A sequence (10071, 10164) or a message id (10070) that was expected is not the last one. */
const wrongLast = new Set([10070, 10071, 10164])
const noMessage = 10037
const streamMissing = 10059
const consumerMissing = 10014
const notAMember = 10044
const noSuitablePeers = 10005
/** Passes by itself: too few servers, a change of the same stream or of the servers or the same message under way, a full queue. */
const passing = new Set([noSuitablePeers, 10124, 10158, 10167, 10202])
const notEnabled = new Set([10039, 10076])
const tooLarge = new Set([10054])
/** The store refused (10077: maximum bytes or messages exceeded), or the account or the disk is full. */
const full = new Set([10077, 10002, 10023, 10028, 10047, 10110])

/**
 * @param what what was tried, as the start of the message: `job "a" cannot be written`
 * @returns `error` itself when it is already ours
 */
export function natsError(what: string, error: unknown): MillraceError {
  if (error instanceof MillraceError) return error
  if (error instanceof JetStreamApiError) return apiError(what, error)
  if (error instanceof PermissionViolationError)
    return new NatsAccessError(`${what}: the NATS user lacks the permission to ${error.operation} ${error.subject}`, {
      cause: error,
    })
  if (error instanceof errors.AuthorizationError || error instanceof errors.UserAuthenticationExpiredError)
    return new NatsAccessError(
      `${what}: the NATS server refused the credentials; correct them in --nats or --nats-auth-file, or give this node the cluster's token`,
      {
        cause: error,
      },
    )
  if (error instanceof errors.InvalidArgumentError && error.message.includes('max_payload'))
    return new PayloadTooLargeError(`${what}: the message is larger than the NATS server's max_payload`, {
      cause: error,
    })
  if (isTlsFault(error))
    return new NatsTlsError(
      `${what}: TLS failed: ${messageOf(error)}; check the certificate authority, and that the certificate names the server's host`,
      { cause: error },
    )
  if (isNothingFound(error)) return new NotFoundError(`${what}: there is none`, { cause: error })
  if (isUnreachable(error)) return new UnavailableError(`${what}: NATS does not answer`, { cause: error })
  return new NatsProtocolError(`${what}: ${messageOf(error)}`, { cause: error })
}

function apiError(what: string, error: JetStreamApiError): MillraceError {
  const options = { cause: error }
  if (wrongLast.has(error.code)) return new ConflictError(`${what}: it was changed meanwhile; read it again`, options)
  if (error.code === noMessage || error.code === streamMissing || error.code === consumerMissing)
    return new NotFoundError(`${what}: ${error.message}`, options)
  if (notEnabled.has(error.code))
    return new JetStreamDisabledError(`${what}: the NATS server has no JetStream for this account; enable it`, options)
  if (tooLarge.has(error.code)) return new PayloadTooLargeError(`${what}: ${error.message}`, options)
  if (full.has(error.code))
    return new StreamFullError(`${what}: ${error.message}; free space or raise the limit of the NATS store`, options)
  if (passing.has(error.code) || error.status >= 500) return new UnavailableError(`${what}: ${error.message}`, options)
  return new NatsProtocolError(`${what}: ${error.message} (${error.code})`, options)
}

/** True when the server that should be removed from a cluster is not in it. */
export function isNotAMember(error: unknown): boolean {
  const cause = error instanceof MillraceError ? error.cause : error
  return cause instanceof JetStreamApiError && cause.code === notAMember
}

/** True when the cluster has too few servers for the copies that were asked for. */
export function isTooFewServers(error: unknown): boolean {
  const cause = error instanceof MillraceError ? error.cause : error
  return cause instanceof JetStreamApiError && cause.code === noSuitablePeers
}

/** True when the stream that was asked for does not exist (any more). */
export function isStreamMissing(error: unknown): boolean {
  const cause = error instanceof MillraceError ? error.cause : error
  return cause instanceof JetStreamApiError && cause.code === streamMissing
}

/** The answer of a direct get; the client does not export the class. */
function isNothingFound(error: unknown): boolean {
  return error instanceof Error && error.name === 'JetStreamStatusError' && 'code' in error && error.code === 404
}

/** Node's codes of X509_V_ERR_..., and what the client says when a server has no TLS. */
function isTlsFault(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  if (error instanceof errors.ConnectionError && error.message.includes("does not support 'tls'")) return true
  const code = 'code' in error ? String(error.code) : ''
  return (
    /^(ERR_TLS_|ERR_SSL_|ERR_OSSL_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|CERT_)/.test(code) ||
    /certificate is for/.test(error.message)
  )
}

function isUnreachable(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  return (
    error instanceof errors.TimeoutError ||
    error instanceof errors.NoRespondersError ||
    error instanceof errors.RequestError ||
    error instanceof errors.ConnectionError ||
    error instanceof errors.ClosedConnectionError ||
    error instanceof errors.DrainingConnectionError ||
    isNoStream(error) ||
    error.name === 'JetStreamStatusError'
  )
}

/** What a publish throws when no stream listens to its subject; the client does not export the class. */
export function isNoStream(error: unknown): boolean {
  return error instanceof Error && error.name === 'JetStreamNotEnabled'
}
