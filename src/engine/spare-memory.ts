/**
 * Spares a connection's client memory: large messages come to it in one piece, and what it made to send is freed once it
 * is sent.
 *
 * Easy to get wrong: messages are gathered from the socket's first line on, so each new socket is caught when the client
 * begins to listen to it. The client shows neither; a version of it that keeps them elsewhere works as it is, and fails
 * spare-memory.nats.test.ts.
 */
import type { Socket } from 'node:net'
import type { NatsConnection } from '@nats-io/nats-core'
import { freeBytes } from '../core/free-bytes.ts'
import { MessageGatherer } from './message-gatherer.ts'

/** Smaller ones may be parts of something that is used elsewhere too. */
const leastFreedBytes = 65_536

interface Transport {
  readonly socket?: Socket
  setupHandlers?(): void
}

/** Of a connection that has just been made. */
export function spareMemory(nats: NatsConnection): void {
  const { protocol } = nats as unknown as { readonly protocol?: { transport?: Transport } }
  let transport = protocol?.transport
  if (protocol === undefined || transport === undefined) return
  if (transport.socket !== undefined) attend(transport.socket)
  Object.defineProperty(protocol, 'transport', {
    get: () => transport,
    set: (next: Transport) => {
      transport = next
      attendLater(next)
    },
  })
}

function attendLater(transport: Transport): void {
  const setUp = transport.setupHandlers?.bind(transport)
  if (setUp === undefined) return
  transport.setupHandlers = () => {
    setUp()
    if (transport.socket !== undefined) attend(transport.socket)
  }
}

function attend(socket: Socket): void {
  const [listener, ...others] = socket.listeners('data') as ((bytes: Buffer) => void)[]
  if (listener === undefined || others.length > 0) return
  const gatherer = new MessageGatherer()
  socket.on('data', (chunk: Buffer) => gatherer.take(chunk, listener))
  socket.off('data', listener)
  const write = socket.write.bind(socket) as (bytes: Uint8Array, done: (error?: Error | null) => void) => boolean
  const writeAndFree = (bytes: Uint8Array, done?: (error?: Error | null) => void) =>
    write(bytes, (error) => {
      done?.(error)
      if (error == null && bytes.length >= leastFreedBytes) freeBytes(bytes)
    })
  socket.write = writeAndFree as Socket['write']
}
