/** An address of this machine alone on which nothing listens. */
import { createServer } from 'node:net'

/** @returns `127.0.0.1:port` */
export function freeLoopbackAddress(): Promise<string> {
  return new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address()
      const port = typeof address === 'object' && address !== null ? address.port : 0
      probe.close(() => resolve(`127.0.0.1:${port}`))
    })
  })
}
