/**
 * Orders on their way to nodes: a work queue with one subject a node, `dispatch.<node>`.
 *
 * Easy to get wrong: the id that drops a repeated message works for minutes only and just saves work. What makes a start
 * unique is the node's journal.
 */
import { DiscardPolicy, RetentionPolicy, StorageType } from '@nats-io/jetstream'
import { nanos } from '@nats-io/nats-core'
import type { StartOrder } from '../model/execution.ts'
import type { Connection } from './connection.ts'
import { publish } from './stream-publish.ts'
import { ensureStream } from './stream-setup.ts'
import { encodeToken } from './subject-token.ts'

export const dispatchStream = 'DISPATCH'

const maxAgeMs = 7 * 24 * 3_600_000
const maxBytes = 512 * 1024 * 1024
const duplicateWindowMs = 300_000
const messageBytes = 4 * 1024 * 1024
const headerRoomBytes = 4_096

export function dispatchSubject(nodeName: string): string {
  return `dispatch.${encodeToken(nodeName)}`
}

/** Makes the stream; dispatcher and inbox both do, whoever comes first. */
export async function ensureDispatchStream(connection: Connection): Promise<void> {
  await ensureStream(connection, {
    name: dispatchStream,
    subjects: ['dispatch.*'],
    storage: StorageType.File,
    retention: RetentionPolicy.Workqueue,
    discard: DiscardPolicy.New,
    max_age: nanos(maxAgeMs),
    max_bytes: maxBytes,
    duplicate_window: nanos(duplicateWindowMs),
  })
}

export async function openDispatcher(connection: Connection): Promise<Dispatcher> {
  await ensureDispatchStream(connection)
  return new Dispatcher(connection)
}

/** Implements `Dispatcher` of schedule/ports.ts. */
export class Dispatcher {
  readonly #connection: Connection

  constructor(connection: Connection) {
    this.#connection = connection
  }

  /** @throws StreamFullError, UnavailableError when not all orders are known to be stored; repeat with the same id */
  async dispatch(nodeName: string, orders: readonly StartOrder[], dedupeId: string): Promise<void> {
    const subject = dispatchSubject(nodeName)
    const limitBytes = Math.min(messageBytes, this.#connection.maxPayloadBytes - headerRoomBytes)
    const messages = packOrders(orders, limitBytes)
    await Promise.all(
      messages.map((payload, part) =>
        publish(this.#connection, `orders for node "${nodeName}" cannot be dispatched`, subject, payload, {
          messageId: `${subject}/${encodeToken(dedupeId)}/${part}`,
        }),
      ),
    )
  }
}

/** JSON arrays of orders, none larger than the limit unless a single order is. Equal orders make equal messages. */
export function packOrders(orders: readonly StartOrder[], limitBytes: number): string[] {
  const messages: string[] = []
  let items: string[] = []
  let sizeBytes = 2
  for (const order of orders) {
    const item = JSON.stringify(order)
    const itemBytes = Buffer.byteLength(item) + 1
    if (items.length > 0 && sizeBytes + itemBytes > limitBytes) {
      messages.push(`[${items.join(',')}]`)
      items = []
      sizeBytes = 2
    }
    items.push(item)
    sizeBytes += itemBytes
  }
  if (items.length > 0) messages.push(`[${items.join(',')}]`)
  return messages
}
