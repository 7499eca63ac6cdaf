/**
 * The changes of a bucket, from its stream.
 *
 * Easy to get wrong: when the stream was made anew (memory buckets after a server's restart), keys may be gone without a
 * tombstone; what was told before and is not there any more is told as deleted. `ready` is told once.
 */
import type { BucketChange } from '../model/bucket.ts'
import type { Connection } from './connection.ts'
import { NatsProtocolError } from './errors.ts'
import type { PulledMessage } from './pull-session.ts'
import { readStream } from './stream-reader.ts'
import { decodeToken } from './subject-token.ts'

export interface WatchOptions<Value> {
  readonly stream: string
  readonly prefix: string
  readonly signal: AbortSignal
  readonly decode: (key: string, bytes: Uint8Array) => Value
  readonly remake: () => Promise<unknown>
}

/** @throws NatsProtocolError when a record cannot be decoded */
export async function* watchBucket<Value>(
  connection: Connection,
  options: WatchOptions<Value>,
): AsyncGenerator<BucketChange<Value>, void> {
  const { stream, prefix, signal, decode, remake } = options
  const told = new Map<string, number>()
  let leftBehind: Map<string, number> | null = null
  let isReady = false
  for await (const event of readStream(connection, { stream, fromSequence: 0, signal, remake })) {
    if (event.kind === 'reset') {
      leftBehind = new Map(told)
      told.clear()
    } else if (event.kind === 'caught-up') {
      for (const [key, revision] of leftBehind ?? []) yield { kind: 'delete', key, revision }
      leftBehind = null
      if (!isReady) yield { kind: 'ready' }
      isReady = true
    } else {
      const change = asChange(event.message, prefix, decode)
      leftBehind?.delete(change.key)
      if (change.kind === 'put') told.set(change.key, change.revision)
      else told.delete(change.key)
      yield change
    }
  }
}

function asChange<Value>(
  message: PulledMessage,
  prefix: string,
  decode: (key: string, bytes: Uint8Array) => Value,
): Exclude<BucketChange<Value>, { kind: 'ready' }> {
  const key = decodeToken(message.subject.slice(prefix.length))
  const revision = message.sequence
  if (message.headers?.has('KV-Operation') || message.headers?.has('Nats-Marker-Reason'))
    return { kind: 'delete', key, revision }
  try {
    return { kind: 'put', key, value: decode(key, message.payload), revision }
  } catch (cause) {
    throw new NatsProtocolError(`record "${key}" in ${message.subject} cannot be understood`, { cause })
  }
}
