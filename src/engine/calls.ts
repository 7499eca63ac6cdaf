/**
 * Requests between processes of the cluster: JSON in, JSON out, over core NATS.
 *
 * Easy to get wrong: a request may have been carried out although its answer never came, so it is sent once. Only when
 * the server says that nobody listens is it repeated: then it reached no one.
 */
import { errors, type Msg } from '@nats-io/nats-core'
import {
  ConflictError,
  InvalidError,
  type Issue,
  MillraceError,
  messageOf,
  NotFoundError,
  UnavailableError,
} from '../core/errors.ts'
import type { Connection } from './connection.ts'
import { PayloadTooLargeError, RemoteCallError } from './errors.ts'
import { encodeToken } from './subject-token.ts'

const nobodyPauseMs = 100

type Answer = { readonly ok: unknown } | { readonly error: RemoteFailure }

interface RemoteFailure {
  readonly code: string
  readonly message: string
  readonly issues?: readonly Issue[]
}

/** The subject of a request to one node: `node.<name>.<verb>`. */
export function nodeSubject(nodeName: string, verb: string): string {
  return `node.${encodeToken(nodeName)}.${verb}`
}

/**
 * Answers requests until `signal` aborts, several at once; goes on after reconnects.
 *
 * What `answer` throws reaches the requester with code and message.
 */
export function serve(
  connection: Connection,
  subject: string,
  answer: (payload: unknown) => Promise<unknown>,
  signal: AbortSignal,
): void {
  if (signal.aborted) return
  const subscription = connection.nats.subscribe(subject, {
    callback: (error, message) => {
      if (error === null) void respond(connection, message, answer)
    },
  })
  signal.addEventListener('abort', () => subscription.unsubscribe(), { once: true })
}

/**
 * Asks, and waits for the one who serves the subject, should it not be there yet.
 *
 * @throws UnavailableError when nobody answers within `timeoutMs`; what the other side threw, as its own class where
 * it is one of core/errors.ts, else RemoteCallError
 */
export async function request(
  connection: Connection,
  subject: string,
  payload: unknown,
  timeoutMs: number,
): Promise<unknown> {
  const { clock } = connection
  const what = `${subject} does not answer`
  const bytes = JSON.stringify(payload ?? null)
  const deadlineMs = clock.monotonicMs() + timeoutMs
  for (;;) {
    const leftMs = deadlineMs - clock.monotonicMs()
    if (leftMs < 1) throw new UnavailableError(`${what} within ${timeoutMs} ms`)
    try {
      await connection.whenConnected(AbortSignal.timeout(Math.ceil(leftMs)))
    } catch (cause) {
      throw new UnavailableError(`${what}: NATS is not connected`, { cause })
    }
    try {
      const reply = await connection.call(what, () =>
        connection.nats.request(subject, bytes, { timeout: Math.ceil(leftMs) }),
      )
      return unwrap(reply.json<Answer>())
    } catch (error) {
      if (!isNobodyThere(error)) throw error
      await clock.sleep(Math.min(nobodyPauseMs, Math.max(1, deadlineMs - clock.monotonicMs())))
    }
  }
}

/**
 * As `request`, for a question that changes nothing: asked once more when no answer has come in a third of the time, because
 * either side may have been between two NATS servers.
 */
export async function ask(
  connection: Connection,
  subject: string,
  payload: unknown,
  timeoutMs: number,
): Promise<unknown> {
  const isAnswered = new AbortController()
  const patienceMs = Math.ceil(timeoutMs / 3)
  const first = request(connection, subject, payload, timeoutMs)
  const second = connection.clock
    .sleep(patienceMs, isAnswered.signal)
    .then(() => request(connection, subject, payload, timeoutMs - patienceMs))
  try {
    return await Promise.any([first, second])
  } catch {
    return await first
  } finally {
    isAnswered.abort()
  }
}

async function respond(
  connection: Connection,
  message: Msg,
  answer: (payload: unknown) => Promise<unknown>,
): Promise<void> {
  let reply: Answer
  try {
    reply = { ok: (await answer(message.json())) ?? null }
  } catch (error) {
    reply = { error: failureOf(error) }
  }
  try {
    send(connection, message, reply)
  } catch (err) {
    connection.log.debug({ err, subject: message.subject }, 'answer could not be sent')
  }
}

function send(connection: Connection, message: Msg, reply: Answer): void {
  const bytes = Buffer.from(JSON.stringify(reply))
  const isTooLarge = bytes.length > connection.maxPayloadBytes
  const tooLarge = new PayloadTooLargeError(
    `the answer to ${message.subject} has ${bytes.length} bytes, more than NATS takes`,
  )
  message.respond(isTooLarge ? Buffer.from(JSON.stringify({ error: failureOf(tooLarge) })) : bytes)
}

function failureOf(error: unknown): RemoteFailure {
  const code = error instanceof MillraceError ? error.code : 'UNKNOWN'
  return { code, message: messageOf(error), ...(error instanceof InvalidError ? { issues: error.issues } : {}) }
}

function unwrap(answer: Answer): unknown {
  if (!('error' in answer)) return answer.ok
  const { code, message, issues } = answer.error
  if (code === 'NOT_FOUND') throw new NotFoundError(message)
  if (code === 'CONFLICT') throw new ConflictError(message)
  if (code === 'UNAVAILABLE') throw new UnavailableError(message)
  if (code === 'INVALID') throw new InvalidError(issues ?? [])
  throw new RemoteCallError(message, code)
}

function isNobodyThere(error: unknown): boolean {
  const cause = error instanceof UnavailableError ? error.cause : null
  return cause instanceof errors.NoRespondersError || (cause instanceof errors.RequestError && cause.isNoResponders())
}
