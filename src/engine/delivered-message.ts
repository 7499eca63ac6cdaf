/**
 * What the reply subject of a delivered message tells about it.
 *
 * Two forms: `$JS.ACK.<stream>.<consumer>.<deliveries>.<stream seq>.<consumer seq>.<time>.<pending>`, and the longer one
 * with domain and account before the stream (nats-server's ADR-15).
 */
export interface DeliveryFacts {
  readonly deliveries: number
  readonly streamSequence: number
  readonly consumerSequence: number
  /** Messages that this consumer has still to get. */
  readonly pending: number
}

/** @returns null when the message did not come from a stream */
export function deliveryFacts(reply: string | undefined): DeliveryFacts | null {
  const tokens = reply?.split('.') ?? []
  if (tokens[0] !== '$JS' || tokens[1] !== 'ACK') return null
  const start = tokens.length === 9 ? 4 : 6
  const [deliveries, streamSequence, consumerSequence, , pending] = tokens.slice(start).map(Number)
  if (deliveries === undefined || streamSequence === undefined) return null
  if (consumerSequence === undefined || pending === undefined) return null
  return { deliveries, streamSequence, consumerSequence, pending }
}
