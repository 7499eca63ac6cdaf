/**
 * Ports for the servers of a test.
 *
 * Easy to get wrong: a server that is killed and started again needs its old port, so ports are taken from below the
 * range that the kernel hands to outgoing connections; else some client may hold it by then.
 */
import { randomInt } from 'node:crypto'
import { createServer } from 'node:net'

const lowest = 15_000
const highest = 32_000
/** Test files may run beside each other, each in a process of its own that has a number. */
const processes = 4
const ownShare = Number(process.env.VITEST_POOL_ID ?? 0) % processes
const handedOut = new Set<number>()

/** A port of 127.0.0.1 on which nothing listens; never the same twice in a run. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(lowest / processes, highest / processes) * processes + ownShare
    if (handedOut.has(port)) continue
    handedOut.add(port)
    if (await canListen(port)) return port
  }
}

function canListen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}
