/** Requests to JetStream that the client has no methods for. Subjects: nats-server's jetstream_api.go. */
import { type ApiError, JetStreamApiError } from '@nats-io/jetstream'
import type { Connection } from './connection.ts'

/**
 * Asks once.
 *
 * @param verb what follows the prefix, for example `STREAM.SNAPSHOT.orders`
 * @param what the start of the message when it fails
 * @throws what `natsError` makes of a refusal; UnavailableError without an answer
 */
export function askJetStream<Answer>(
  connection: Connection,
  what: string,
  verb: string,
  payload: unknown,
  timeoutMs = 5_000,
): Promise<Answer> {
  const subject = `${connection.apiPrefix}.${verb}`
  return connection.call(what, async () => {
    const bytes = payload === null ? new Uint8Array() : JSON.stringify(payload)
    return parseAnswer<Answer>(await connection.nats.request(subject, bytes, { timeout: timeoutMs }))
  })
}

/** @throws JetStreamApiError when the answer is a refusal */
export function parseAnswer<Answer>(message: { json<Shape>(): Shape }): Answer {
  const answer = message.json<Answer & { readonly error?: ApiError }>()
  if (answer.error !== undefined) throw new JetStreamApiError(answer.error)
  return answer
}
