/**
 * Stores messages of one stream in atomic batches while there are many: a batch goes to disk once (nats-server's ADR-50).
 *
 * Easy to get wrong: a server refuses a whole batch of which it knows one message already, and the outcome of one that was
 * not answered is unknown. Either way each of its messages is published alone, under the same id, so that nothing is
 * stored twice. A batch costs the server six flushes, because it is gathered in files of its own first: few messages go
 * alone. What is held here is what callers wait for, and they bound it.
 */
import { randomUUID } from 'node:crypto'
import { JetStreamApiError, PubHeaders } from '@nats-io/jetstream'
import { headers, type MsgHdrs } from '@nats-io/nats-core'
import type { Connection } from './connection.ts'
import { NatsProtocolError } from './errors.ts'
import { parseAnswer } from './jetstream-api.ts'
import { isVersionAtLeast } from './server-version.ts'
import { publish } from './stream-publish.ts'

/** Fewer are published alone. */
const leastMessages = 12
/** A server takes 1,000 (tried on 2.15.1). */
const mostMessages = 256
const mostBytes = 4 * 1024 * 1024
/** After a batch that failed for any other reason than a repeated message. */
const pauseMs = 10_000
const answerWithinMs = 5_000
const containsDuplicate = 10201

/** The server knows batches with message ids. */
export function canBatch(connection: Connection): boolean {
  return isVersionAtLeast(connection.serverVersion, '2.12.1')
}

export interface BatchedMessage {
  /** The start of the message when it fails. */
  readonly what: string
  readonly subject: string
  readonly payload: string
  /** Repeated within the stream's duplicate window it is stored once. */
  readonly messageId: string
}

interface Waiting {
  readonly message: BatchedMessage
  readonly sizeBytes: number
  resolve(): void
  reject(error: unknown): void
}

/** Of one stream, whose configuration must have `allow_atomic` where `canBatch`. */
export class BatchedPublish {
  readonly #connection: Connection
  #waiting: Waiting[] = []
  #isSending = false
  #pausedUntilMs = Number.NEGATIVE_INFINITY

  constructor(connection: Connection) {
    this.#connection = connection
  }

  /** Resolves once the message is stored. @throws as `publish` */
  publish(message: BatchedMessage): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ message, sizeBytes: Buffer.byteLength(message.payload), resolve, reject })
      if (!this.#isSending) void this.#sendAll()
    })
  }

  /** One portion after another: what comes meanwhile makes the next one larger. */
  async #sendAll(): Promise<void> {
    this.#isSending = true
    // Whoever publishes many does so in one turn.
    await Promise.resolve()
    while (this.#waiting.length > 0) {
      const portion = this.#take()
      if (portion.length < leastMessages || !this.#mayBatch) await this.#sendAlone(portion)
      else await this.#sendBatch(portion)
    }
    this.#isSending = false
  }

  get #mayBatch(): boolean {
    return canBatch(this.#connection) && this.#connection.clock.monotonicMs() >= this.#pausedUntilMs
  }

  #take(): readonly Waiting[] {
    let count = 0
    let sizeBytes = 0
    for (const waiting of this.#waiting) {
      sizeBytes += waiting.sizeBytes
      if (count === mostMessages || (count > 0 && sizeBytes > mostBytes)) break
      count += 1
    }
    return this.#waiting.splice(0, count)
  }

  async #sendAlone(portion: readonly Waiting[]): Promise<void> {
    await Promise.all(
      portion.map(({ message: { what, subject, payload, messageId }, resolve, reject }) =>
        publish(this.#connection, what, subject, payload, { messageId }).then(() => resolve(), reject),
      ),
    )
  }

  async #sendBatch(portion: readonly Waiting[]): Promise<void> {
    try {
      await this.#connection.call(`a batch of ${portion.length} cannot be stored`, () => this.#commit(portion))
      for (const { resolve } of portion) resolve()
    } catch (error) {
      const isRepeated = causeCode(error) === containsDuplicate
      if (!isRepeated) this.#pausedUntilMs = this.#connection.clock.monotonicMs() + pauseMs
      this.#connection.log.debug(
        { err: error, count: portion.length },
        'a batch was not stored, each message goes alone',
      )
      await this.#sendAlone(portion)
    }
  }

  async #commit(portion: readonly Waiting[]): Promise<void> {
    const { nats } = this.#connection
    const batchId = randomUUID()
    const last = portion.length - 1
    for (const [index, { message }] of portion.slice(0, last).entries())
      nats.publish(message.subject, message.payload, { headers: batchHeaders(batchId, index + 1, message) })
    const message = portion[last]?.message
    if (message === undefined) return
    const marks = batchHeaders(batchId, last + 1, message)
    marks.set('Nats-Batch-Commit', '1')
    const answer = await nats.request(message.subject, message.payload, { headers: marks, timeout: answerWithinMs })
    const { count } = parseAnswer<{ readonly count?: number }>(answer)
    // A server that knows no batches stores the last message and says so.
    if (count !== portion.length) throw new NatsProtocolError(`${count ?? 'none'} of ${portion.length} are a batch`)
  }
}

function batchHeaders(batchId: string, sequence: number, { messageId }: BatchedMessage): MsgHdrs {
  const made = headers()
  made.set(PubHeaders.MsgIdHdr, messageId)
  made.set('Nats-Batch-Id', batchId)
  made.set('Nats-Batch-Sequence', String(sequence))
  return made
}

function causeCode(error: unknown): number | null {
  const cause = error instanceof Error ? error.cause : null
  return cause instanceof JetStreamApiError ? cause.code : null
}
