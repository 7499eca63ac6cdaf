/** A network link from a server of this machine that is slow, so that what passes over it can be watched on any machine. */
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { TestServer } from './mysql-servers.ts'

export interface SlowLink extends AsyncDisposable {
  readonly host: TestServer['host']
  readonly port: number
}

/** Starts one on a free port of 127.0.0.1. @param bytesPerSecond what passes from `server` to each of its clients */
export async function startSlowLink(
  server: Pick<TestServer, 'host' | 'port'>,
  bytesPerSecond: number,
): Promise<SlowLink> {
  const sockets = new Set<Socket>()
  const track = (socket: Socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => sockets.delete(socket))
    return socket
  }
  const listener = createServer((accepted) => {
    const near = track(accepted)
    const far = track(connect(server.port, server.host))
    near.pipe(far)
    near.on('close', () => far.destroy())
    far.on('close', () => near.end())
    void drip(far, near, bytesPerSecond)
  })
  listener.listen(0, '127.0.0.1')
  await once(listener, 'listening')
  const { port } = listener.address() as { readonly port: number }
  return {
    host: '127.0.0.1',
    port,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      listener.close()
      await once(listener, 'close')
    },
  }
}

/** Passes what `from` sends no faster than `bytesPerSecond`; what comes is left to wait with its sender. */
async function drip(from: Socket, into: Socket, bytesPerSecond: number): Promise<void> {
  try {
    for await (const bytes of from as AsyncIterable<Buffer>) {
      if (!into.write(bytes)) await once(into, 'drain')
      const ms = (bytes.length * 1000) / bytesPerSecond
      if (ms >= 1) await sleep(ms)
    }
  } catch {
    // Either side is gone: so is the connection.
  }
}
