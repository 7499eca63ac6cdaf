/**
 * A network between a client and a server of this machine that can lose connections without telling either side, as a
 * firewall that forgets them does.
 */
import { connect, createServer, type Server, type Socket } from 'node:net'

export interface StallingProxy extends AsyncDisposable {
  readonly port: number
  /** From now on nothing passes over the connections that there are. @returns how many there are */
  stall(): number
  /** New connections are refused, too. */
  refuse(): void
}

interface Pair {
  readonly near: Socket
  readonly far: Socket
  isStalled: boolean
}

/** Starts one on a free port of 127.0.0.1. @param to the server's port */
export async function startStallingProxy(to: number): Promise<StallingProxy> {
  const pairs = new Set<Pair>()
  const server = createServer((near) => pairs.add(join({ near, far: connect(to, '127.0.0.1'), isStalled: false })))
  const port = await listen(server)
  return {
    port,
    stall() {
      for (const pair of pairs) pair.isStalled = true
      return pairs.size
    },
    refuse: () => void server.close(),
    async [Symbol.asyncDispose]() {
      for (const { near, far } of pairs) for (const socket of [near, far]) socket.destroy()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}

function join(pair: Pair): Pair {
  const { near, far } = pair
  const pass = (from: Socket, to: Socket) => {
    from.on('data', (bytes) => {
      if (!pair.isStalled) to.write(bytes)
    })
    from.on('error', () => {})
    from.on('close', () => {
      if (!pair.isStalled) to.destroy()
    })
  }
  pass(near, far)
  pass(far, near)
  return pair
}

function listen(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      if (address === null || typeof address === 'string') reject(new Error('no port'))
      else resolve(address.port)
    })
  })
}
