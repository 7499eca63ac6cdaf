/**
 * Ends the socket of a server that answers no more, or that is left for another one.
 *
 * Easy to get wrong: before the client closes such a socket it waits until everything has been sent (@nats-io/transport-node
 * 3.4.0, `_closed`). To a machine that is cut off nothing is sent, so once the buffers are full it waits until TCP gives
 * up, which takes a quarter of an hour, and connects with nobody else before.
 */
import type { Socket } from 'node:net'
import type { NatsConnection } from '@nats-io/nats-core'

/** For what the client still has to say, where somebody listens. */
const lastWordsMs = 500

/** Watches until the connection is closed for good. */
export async function endStaleSockets(nats: NatsConnection): Promise<void> {
  // Of the connection that is being left: by the time its end is told the client may have another one.
  let socket = socketOf(nats)
  for await (const { type } of nats.status()) {
    if (type === 'reconnect') socket = socketOf(nats)
    else if (type === 'staleConnection' || type === 'forceReconnect') endSoon(socket)
  }
}

function endSoon(socket: Socket | null): void {
  if (socket !== null) setTimeout(() => socket.destroy(), lastWordsMs).unref()
}

/** The client shows its socket to nobody; a version of it that keeps it elsewhere fails connection.nats.test.ts. */
function socketOf(nats: NatsConnection): Socket | null {
  const inner = nats as unknown as { readonly protocol?: { readonly transport?: { readonly socket?: Socket } } }
  return inner.protocol?.transport?.socket ?? null
}
