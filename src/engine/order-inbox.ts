/**
 * A node's own work queue, read. Implements `OrderInbox` of execution/ports.ts.
 *
 * Easy to get wrong: a message whose acknowledgement got lost comes again after `ack_wait`, maybe to the next agent on
 * this node; whoever accepts orders must know which it has accepted before.
 */
import { AckPolicy, DeliverPolicy } from '@nats-io/jetstream'
import { nanos } from '@nats-io/nats-core'
import { backoffMs } from '../core/backoff.ts'
import { MillraceError } from '../core/errors.ts'
import type { StartOrder } from '../model/execution.ts'
import type { Connection } from './connection.ts'
import { dispatchStream, dispatchSubject, ensureDispatchStream } from './dispatch-queue.ts'
import { askJetStream } from './jetstream-api.ts'
import { type PulledMessage, PullSession } from './pull-session.ts'
import { encodeToken } from './subject-token.ts'

/** What a server that died had sent, and nobody received, comes again after this. */
const ackWaitMs = 6_000
const stillWorkingMs = 2_000
const refusedPauseMs = 1_000
const tellAgainMs = 60_000
const prefetchBytes = 16 * 1024 * 1024
const batch = 16
const reopenBackoff = { firstMs: 20, maxMs: 2_000 }

type Accept = (orders: readonly StartOrder[]) => Promise<void>

export async function openOrderInbox(connection: Connection, nodeName: string): Promise<OrderInbox> {
  await ensureDispatchStream(connection)
  return new OrderInbox(connection, nodeName)
}

export class OrderInbox {
  readonly #connection: Connection
  readonly #nodeName: string
  readonly #consumer: string
  #refusedSinceTold = 0
  #toldAtMs = Number.NEGATIVE_INFINITY

  constructor(connection: Connection, nodeName: string) {
    this.#connection = connection
    this.#nodeName = nodeName
    this.#consumer = `node-${encodeToken(nodeName)}`
  }

  /** See execution/ports.ts: one message after the other, until `signal` aborts. */
  async consume(accept: Accept, signal: AbortSignal): Promise<void> {
    for (let failures = 1; !signal.aborted; failures += 1) {
      try {
        const session = await this.#open(signal)
        try {
          if (await this.#drain(session, accept, signal)) failures = 0
        } finally {
          session.close()
        }
      } catch (error) {
        if (signal.aborted) return
        if (!(error instanceof MillraceError) || error.remedy !== 'retry') throw error
      }
      await this.#connection.clock.sleep(backoffMs(reopenBackoff, failures + 1, Math.random), signal).catch(() => {})
    }
  }

  async #open(signal: AbortSignal): Promise<PullSession> {
    const connection = this.#connection
    await connection.whenConnected(signal)
    const config = {
      durable_name: this.#consumer,
      filter_subject: dispatchSubject(this.#nodeName),
      ack_policy: AckPolicy.Explicit,
      deliver_policy: DeliverPolicy.All,
      ack_wait: nanos(ackWaitMs),
      max_ack_pending: 2 * batch,
    }
    const request = { stream_name: dispatchStream, config }
    // Not by the client's method, which refuses a consumer that is there with other settings.
    await askJetStream(
      connection,
      `the inbox of node "${this.#nodeName}" cannot be opened`,
      `CONSUMER.DURABLE.CREATE.${dispatchStream}.${this.#consumer}`,
      request,
    )
    const { log } = connection
    log.debug({ consumer: this.#consumer }, 'order inbox opened')
    return new PullSession(connection, {
      stream: dispatchStream,
      consumer: this.#consumer,
      prefetchBytes,
      batch,
      isGapless: false,
    })
  }

  /** @returns true when it got any message */
  async #drain(session: PullSession, accept: Accept, signal: AbortSignal): Promise<boolean> {
    let hasWorked = false
    for (;;) {
      const pulled = await session.next(signal)
      if (pulled === null) return hasWorked
      if (pulled.kind === 'idle') continue
      hasWorked = true
      await this.#hand(pulled.message, accept)
    }
  }

  async #hand(message: PulledMessage, accept: Accept): Promise<void> {
    const { log } = this.#connection
    const orders = ordersIn(message)
    if (orders === null) {
      log.error({ sequence: message.sequence }, 'orders cannot be understood, dropped')
      this.#answer(message, '+TERM')
      return
    }
    const stillWorking = setInterval(() => this.#answer(message, '+WPI'), stillWorkingMs)
    try {
      await accept(orders)
      this.#answer(message, '+ACK')
    } catch (err) {
      this.#tellRefusal(err, orders.length)
      this.#answer(message, `-NAK {"delay": ${nanos(refusedPauseMs)}}`)
    } finally {
      clearInterval(stillWorking)
    }
  }

  /** What keeps one message out keeps every other one out, too, for as long as a disk is full: told once a minute. */
  #tellRefusal(err: unknown, orders: number): void {
    const { log, clock } = this.#connection
    this.#refusedSinceTold += 1
    if (clock.monotonicMs() - this.#toldAtMs < tellAgainMs) return
    log.warn({ err, orders, refusals: this.#refusedSinceTold }, 'orders not accepted, they come again')
    this.#toldAtMs = clock.monotonicMs()
    this.#refusedSinceTold = 0
  }

  /** An answer that gets lost only makes the message come again. */
  #answer(message: PulledMessage, answer: string): void {
    if (this.#connection.isConnected) this.#connection.nats.publish(message.reply, answer)
  }
}

function ordersIn(message: PulledMessage): readonly StartOrder[] | null {
  try {
    const orders: unknown = JSON.parse(Buffer.from(message.payload).toString('utf8'))
    return Array.isArray(orders) ? (orders as StartOrder[]) : null
  } catch {
    return null
  }
}
