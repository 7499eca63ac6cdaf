/** A network link between a client and a server of this machine that can be cut, so that neither side hears of it, and mended. */
import { connect, createServer, type Socket } from 'node:net'

export interface CuttableLink extends AsyncDisposable {
  readonly port: number
  /** From now on nothing passes, nor over new connections. */
  cut(): void
  /** New connections pass again; those that were cut are reset. */
  mend(): void
}

/** Starts one on a free port of 127.0.0.1. @param to the server's port */
export async function startCuttableLink(to: number): Promise<CuttableLink> {
  const sockets = new Set<Socket>()
  let isCut = false
  const track = (socket: Socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => sockets.delete(socket))
    return socket
  }
  const server = createServer((accepted) => {
    const near = track(accepted)
    if (isCut) return
    const far = track(connect(to, '127.0.0.1'))
    for (const [from, into] of [
      [near, far],
      [far, near],
    ] as const) {
      from.on('data', (bytes) => isCut || into.write(bytes))
      from.on('close', () => isCut || into.destroy())
    }
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  const reset = () => {
    for (const socket of sockets) socket.destroy()
  }
  return {
    port: (server.address() as { port: number }).port,
    cut() {
      isCut = true
    },
    mend() {
      reset()
      isCut = false
    },
    async [Symbol.asyncDispose]() {
      reset()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}
