/**
 * Stores one message in a stream, exactly once as far as a stream can tell.
 *
 * Easy to get wrong: when an answer is lost, the message may be stored. So each message carries an id of its own and is
 * sent again with the same one: the server drops the second within the stream's duplicate window. But it compares the
 * expected sequence first (seen on 2.15.1), so a compare-and-set that was refused must look whether the message that is in its way is its own. That holds for the first try too: a server that was leader before it stood still
 * may refuse for the last time what the new leader stores.
 */
import { randomUUID } from 'node:crypto'
import { type JetStreamPublishOptions, PubHeaders } from '@nats-io/jetstream'
import type { MsgHdrs } from '@nats-io/nats-core'
import { ConflictError } from '../core/errors.ts'
import type { Connection, RetryOptions } from './connection.ts'
import { isNoStream } from './nats-errors.ts'

export interface PublishOptions extends RetryOptions {
  /** By default a new one: unique to this call. */
  readonly messageId?: string
  /** The sequence that the subject's last message must have (0: there must be none) in that stream. */
  readonly expected?: { readonly stream: string; readonly lastSubjectSequence: number }
  readonly headers?: MsgHdrs
  /** Makes the stream again when no stream takes the message. */
  readonly remake?: () => Promise<unknown>
  /** Lifetime such as `1h`; only where the server and the stream allow it. */
  readonly ttl?: string
}

/**
 * Resolves once the message is stored.
 *
 * @param what the start of the message when it fails
 * @returns the sequence of the stored message
 * @throws ConflictError when the expected sequence is wrong, StreamFullError, UnavailableError when it is not known to
 * be stored
 */
export async function publish(
  connection: Connection,
  what: string,
  subject: string,
  payload: Uint8Array | string,
  options: PublishOptions = {},
): Promise<number> {
  const { messageId = randomUUID(), expected, headers, ttl, remake } = options
  const publishOptions: Partial<JetStreamPublishOptions> = {
    msgID: messageId,
    ...(headers === undefined ? {} : { headers }),
    ...(ttl === undefined ? {} : { ttl }),
    ...(expected === undefined ? {} : { expect: { lastSubjectSequence: expected.lastSubjectSequence } }),
  }
  const send = async () => (await connection.streams.publish(wayTo(subject, connection), payload, publishOptions)).seq
  try {
    return await connection.retry(what, () => (remake === undefined ? send() : sendOrRemake(send, remake)), options)
  } catch (error) {
    if (!(error instanceof ConflictError) || expected === undefined) throw error
    const own = await ownSequence(connection, what, expected.stream, subject, messageId)
    if (own === null) throw error
    return own
  }
}

/**
 * Between a leaf node and its hub no subject of a bucket passes as it is, only behind the domain's prefix, from which the
 * server takes it out again (nats-server's jetstream_api.go, generateJSMappingTable).
 */
function wayTo(subject: string, { apiPrefix }: Connection): string {
  return subject.startsWith('$KV.') && apiPrefix !== '$JS.API' ? `${apiPrefix}.${subject}` : subject
}

/** The sequence of the subject's last message when it is the one with this id. */
async function ownSequence(
  connection: Connection,
  what: string,
  stream: string,
  subject: string,
  messageId: string,
): Promise<number | null> {
  const manager = await connection.manager()
  const last = await connection.retry(what, () => manager.streams.getMessage(stream, { last_by_subj: subject }))
  return last !== null && last.header.get(PubHeaders.MsgIdHdr) === messageId ? last.seq : null
}

async function sendOrRemake(send: () => Promise<number>, remake: () => Promise<unknown>): Promise<number> {
  try {
    return await send()
  } catch (error) {
    if (!isNoStream(error)) throw error
    await remake()
    return send()
  }
}
