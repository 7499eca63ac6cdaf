/**
 * A lock between processes that ends with its holder, however that ends: a listening socket in Linux's abstract
 * namespace, which leaves no file behind.
 *
 * Easy to get wrong: whoever waited must look again whether the work is still to do.
 */
import { createHash } from 'node:crypto'
import { createServer, type Server } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

const retryMs = 100

/** Runs `work` while no other process of this machine holds the lock of that name. */
export async function withLock<Result>(name: string, work: () => Promise<Result>): Promise<Result> {
  const address = `\0millrace-${createHash('sha256').update(name).digest('hex').slice(0, 32)}`
  let server = await tryListen(address)
  while (server === null) {
    await sleep(retryMs)
    server = await tryListen(address)
  }
  try {
    return await work()
  } finally {
    server.close()
  }
}

function tryListen(address: string): Promise<Server | null> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy())
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(null)
      else reject(error)
    })
    server.listen(address, () => {
      server.unref()
      resolve(server)
    })
  })
}
