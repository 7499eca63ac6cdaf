/**
 * Messages from one JetStream consumer, pulled as fast as they are used, until anything about it breaks.
 *
 * Easy to get wrong: a session never heals. A lost connection, a deleted consumer, a silent server or a hole in the
 * deliveries end it; what it had received until then is still handed out, and whoever reads opens the next one.
 * Memory: at most `prefetchBytes`, or one message when that is larger; a full buffer stops asking.
 * A message larger than what is asked for at a time is refused, and then asked for alone.
 * Source: nats-server's ADR-37 (pull requests, their statuses and heartbeats).
 */
import { createInbox, type Msg, type MsgHdrs, nanos, type Subscription } from '@nats-io/nats-core'
import type { Connection } from './connection.ts'
import { type DeliveryFacts, deliveryFacts } from './delivered-message.ts'

const pullExpiresMs = 30_000
const heartbeatMs = 1_000
const silenceLimitMs = 4_000
/** What a message costs beside its payload. */
const overheadBytes = 200

export interface PulledMessage {
  readonly subject: string
  readonly headers: MsgHdrs | undefined
  readonly payload: Uint8Array
  /** In the stream. */
  readonly sequence: number
  /** What this consumer has still to get after it. */
  readonly pending: number
  /** Where an acknowledgement goes. */
  readonly reply: string
}

export interface PullOptions {
  readonly stream: string
  readonly consumer: string
  readonly prefetchBytes: number
  readonly batch: number
  /** True: deliveries are numbered without a hole, or the session ends. Only for consumers without acknowledgement. */
  readonly isGapless: boolean
}

export type Pulled = { readonly kind: 'message'; readonly message: PulledMessage } | { readonly kind: 'idle' }

export class PullSession {
  readonly #connection: Connection
  readonly #options: PullOptions
  readonly #inbox: string
  readonly #requestBytes: number
  readonly #subscription: Subscription
  readonly #stopListening: () => void
  readonly #monitor: NodeJS.Timeout
  /** What was taken is undefined: it must not stay in memory for the place that it had. */
  #buffer: (PulledMessage | undefined)[] = []
  #head = 0
  #bufferedBytes = 0
  #askedFor = 0
  /** Nothing has come of the request that is open. */
  #isUnanswered = false
  /** The next message is larger than usual requests. */
  #isLarge = false
  #lastConsumerSequence = 0
  #lastHeardMs: number
  #lastCheckMs: number
  #isIdle = false
  #endReason: string | null = null
  #wake: (() => void) | null = null

  constructor(connection: Connection, options: PullOptions) {
    this.#connection = connection
    this.#options = options
    this.#inbox = createInbox()
    this.#requestBytes = Math.max(1, Math.floor(options.prefetchBytes / 2))
    this.#lastHeardMs = connection.clock.monotonicMs()
    this.#lastCheckMs = this.#lastHeardMs
    this.#subscription = connection.nats.subscribe(this.#inbox, {
      callback: (error, message) => (error === null ? this.#receive(message) : this.#end(error.message)),
    })
    this.#stopListening = connection.onChange((isConnected) => {
      if (!isConnected) this.#end('connection lost')
    })
    this.#monitor = setInterval(() => this.#checkSilence(), heartbeatMs)
    if (!connection.isConnected) this.#end('not connected')
    this.#ask()
  }

  /** Why the session ended, or null while it lives. */
  get endReason(): string | null {
    return this.#endReason
  }

  /** The next message; `idle` when the server says that there is none now; null once the session is over and empty. */
  async next(signal: AbortSignal): Promise<Pulled | null> {
    for (;;) {
      const message = this.#buffer[this.#head]
      if (message !== undefined) return { kind: 'message', message: this.#take(message) }
      if (this.#endReason !== null) return null
      if (this.#isIdle) {
        this.#isIdle = false
        return { kind: 'idle' }
      }
      signal.throwIfAborted()
      await this.#wait(signal)
    }
  }

  close(): void {
    this.#end('closed')
  }

  #take(message: PulledMessage): PulledMessage {
    this.#buffer[this.#head] = undefined
    this.#head += 1
    if (this.#head === this.#buffer.length) {
      this.#buffer = []
      this.#head = 0
    } else if (this.#head > 4096) {
      this.#buffer = this.#buffer.slice(this.#head)
      this.#head = 0
    }
    this.#bufferedBytes -= message.payload.length + overheadBytes
    this.#ask()
    return message
  }

  #wait(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        signal.removeEventListener('abort', wake)
        this.#wake = null
        resolve()
      }
      this.#wake = wake
      signal.addEventListener('abort', wake, { once: true })
    })
  }

  #receive(raw: Msg): void {
    this.#lastHeardMs = this.#connection.clock.monotonicMs()
    const facts = deliveryFacts(raw.reply)
    if (facts === null) this.#hearStatus(raw)
    else if (this.#options.isGapless && facts.consumerSequence !== this.#lastConsumerSequence + 1)
      this.#end('a delivery was lost')
    else this.#keep(raw, facts)
  }

  #keep(raw: Msg, facts: DeliveryFacts): void {
    this.#lastConsumerSequence = facts.consumerSequence
    this.#askedFor -= 1
    this.#isUnanswered = false
    this.#isLarge = false
    const { subject, headers, data: payload } = raw
    const { streamSequence: sequence, pending } = facts
    this.#buffer.push({ subject, headers, payload, sequence, pending, reply: raw.reply ?? '' })
    this.#bufferedBytes += payload.length + overheadBytes
    this.#ask()
    this.#wake?.()
  }

  #hearStatus(raw: Msg): void {
    const code = raw.headers?.code ?? 0
    const text = raw.headers?.description.toLowerCase() ?? ''
    if (code === 100) {
      this.#isIdle = true
      this.#wake?.()
    } else if (code === 404 || code === 408 || (code === 409 && /exceeds maxbytes|batch completed/.test(text))) {
      if (this.#isUnanswered && /exceeds maxbytes/.test(text)) this.#isLarge = true
      this.#askedFor = 0
      this.#ask()
    } else this.#end(`${code} ${text}`)
  }

  /** One request at a time: its size bounds what can arrive. */
  #ask(): void {
    if (this.#askedFor > 0 || this.#endReason !== null) return
    const hasRoom = this.#bufferedBytes + this.#requestBytes <= this.#options.prefetchBytes
    if (!hasRoom && this.#head < this.#buffer.length) return
    this.#askedFor = this.#isLarge ? 1 : this.#options.batch
    this.#isUnanswered = true
    this.#lastHeardMs = this.#connection.clock.monotonicMs()
    const { stream, consumer, batch } = this.#options
    const request = {
      batch: this.#isLarge ? 1 : batch,
      // With its headers a message may be longer than the largest payload.
      max_bytes: this.#isLarge
        ? Math.max(this.#requestBytes, 2 * this.#connection.maxPayloadBytes)
        : this.#requestBytes,
      expires: nanos(pullExpiresMs),
      idle_heartbeat: nanos(heartbeatMs),
    }
    this.#connection.nats.publish(
      `${this.#connection.apiPrefix}.CONSUMER.MSG.NEXT.${stream}.${consumer}`,
      JSON.stringify(request),
      {
        reply: this.#inbox,
      },
    )
  }

  #checkSilence(): void {
    const nowMs = this.#connection.clock.monotonicMs()
    // This process stood still: what it was sent lies in its socket, and would only come again much later.
    if (nowMs - this.#lastCheckMs > 2 * heartbeatMs) this.#lastHeardMs = nowMs
    this.#lastCheckMs = nowMs
    const silentMs = nowMs - this.#lastHeardMs
    if (this.#askedFor > 0 && silentMs > silenceLimitMs) this.#end('the server is silent')
  }

  #end(reason: string): void {
    if (this.#endReason !== null) return
    this.#endReason = reason
    clearInterval(this.#monitor)
    this.#stopListening()
    this.#subscription.unsubscribe()
    this.#wake?.()
  }
}
