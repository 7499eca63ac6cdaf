import type { Socket } from 'node:net'
import { expect, test } from 'vitest'
import { eventually } from '../../test/harness/eventually.ts'
import { freePort } from '../../test/harness/free-port.ts'
import { startNats } from '../../test/harness/nats-server.ts'
import { silentLog } from '../core/log.ts'
import { type Connection, openConnection } from './connection.ts'

const large = Buffer.from(Array.from({ length: 700_000 }, (_, index) => (index * 31) % 251))

interface Heard {
  readonly payloads: Buffer[]
  /** Bytes of the memory that each payload holds. */
  readonly heldBytes: number[]
}

function listen({ nats }: Connection): Heard {
  const heard: Heard = { payloads: [], heldBytes: [] }
  nats.subscribe('large', {
    callback: (_error, { data }) => {
      heard.payloads.push(Buffer.from(data))
      heard.heldBytes.push(data.buffer.byteLength)
    },
  })
  return heard
}

async function sendAndHear(connection: Connection, heard: Heard): Promise<void> {
  const count = heard.payloads.length
  for (let sent = 0; sent < 3; sent += 1) connection.nats.publish('large', large)
  await eventually(() => (heard.payloads.length === count + 3 ? true : undefined), 10_000)
  expect(heard.payloads.every((payload) => payload.equals(large))).toBe(true)
  expect(Math.max(...heard.heldBytes)).toBeLessThan(large.length + 1_000)
}

test('a large message is held in no more memory than it needs, also after the connection was lost', async () => {
  const port = await freePort()
  const first = await startNats({ port })
  const connection = await openConnection({ url: `nats://127.0.0.1:${port}`, name: 'test', log: silentLog })
  const heard = listen(connection)
  await sendAndHear(connection, heard)
  await first[Symbol.asyncDispose]()
  await using _second = await startNats({ port })
  await eventually(() => (connection.isConnected ? true : undefined), 10_000)
  await sendAndHear(connection, heard)
  await connection.close()
})

test('what the client made to send a large message is freed once it is sent', async () => {
  await using nats = await startNats()
  const connection = await openConnection({ url: `nats://127.0.0.1:${nats.port}`, name: 'test', log: silentLog })
  const { socket } = (connection.nats as unknown as { protocol: { transport: { socket: Socket } } }).protocol.transport
  const sent: { readonly bytes: Uint8Array; readonly wasBytes: number }[] = []
  const write = socket.write
  socket.write = ((bytes: Uint8Array, done: () => void) => {
    sent.push({ bytes, wasBytes: bytes.length })
    return write.call(socket, bytes, done as never)
  }) as Socket['write']
  connection.nats.publish('large', large)
  await connection.nats.flush()
  const made = sent.find(({ wasBytes }) => wasBytes > large.length)
  await eventually(() => (made?.bytes.length === 0 ? true : undefined), 5_000)
  expect(large.length).toBe(700_000)
  await connection.close()
})
