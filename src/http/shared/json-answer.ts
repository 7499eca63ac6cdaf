/**
 * JSON answers as the two original programs give them: one content type, `pretty` for people.
 *
 * Easy to get wrong: a group is a whole number of nanoseconds, larger than a double holds; it goes through `rawNumber`
 * so that its digits arrive as they are.
 */
import type { FastifyReply, FastifyRequest } from 'fastify'
import { headersOf, problemOf, statusOf } from './problem.ts'

export const jsonType = 'application/json; charset=UTF-8'
const problemType = 'application/problem+json; charset=UTF-8'

/** Sends `value` as JSON; indented when the query has `pretty`, whatever its value. */
export function answer(request: FastifyRequest, reply: FastifyReply, status: number, value: unknown): FastifyReply {
  return reply
    .code(status)
    .header('content-type', jsonType)
    .send(jsonText(value, isPretty(request)))
}

/** Sends an error as problem JSON with the status and headers that belong to it. */
export function answerError(request: FastifyRequest, reply: FastifyReply, error: unknown): FastifyReply {
  const body = jsonText(problemOf(error, request.id), isPretty(request))
  return reply.code(statusOf(error)).headers(headersOf(error)).header('content-type', problemType).send(body)
}

/**
 * Names the fields of the body that were ignored in a `Warning` header (RFC 7234, 299 Miscellaneous).
 *
 * @param more other texts to warn with, plain ASCII without quotes
 */
export function warnOfUnknown(reply: FastifyReply, fields: readonly string[], more: readonly string[] = []): void {
  if (fields.length === 0 && more.length === 0) return
  const shown = fields.slice(0, 20).map((field) => `299 - "unknown field ${headerSafe(field)} ignored"`)
  if (fields.length > shown.length) shown.push(`299 - "${fields.length - shown.length} more unknown fields ignored"`)
  shown.push(...more.map((text) => `299 - "${text}"`))
  reply.header('warning', shown.join(', '))
}

/** Text as a header may carry it, in quotes too: everything but plain ASCII is percent-encoded. */
export function headerSafe(text: string): string {
  const short = text.length > 100 ? `${text.slice(0, 100)}...` : text
  return short.toWellFormed().replace(/[^\x20-\x7e]|["\\%]/gu, (character) => encodeURIComponent(character))
}

const { rawJSON } = JSON as unknown as { rawJSON(text: string): unknown }

/** A number in JSON with exactly these digits. @throws SyntaxError when `digits` is not a JSON number */
export function rawNumber(digits: string): unknown {
  return rawJSON(digits)
}

function jsonText(value: unknown, indented: boolean): string {
  return indented ? `${JSON.stringify(value, null, 2)}\n` : JSON.stringify(value)
}

/** Whether people read the answer. */
export function isPretty(request: FastifyRequest): boolean {
  const query = request.query
  return typeof query === 'object' && query !== null && 'pretty' in query
}
