/**
 * Reads on what a refused client still sends.
 *
 * Easy to get wrong: many clients write the whole body before they read. Closing the connection earlier shows them a
 * broken pipe instead of the answer, and they try again.
 */
import type { IncomingMessage } from 'node:http'

/** Beyond this the answer is not worth the traffic. */
const mostBytes = 33_554_432
const longestMs = 5_000

/** Resolves when the body has ended, or is too long or too slow to wait for. Keeps nothing of it. */
export function discardBody(request: IncomingMessage): Promise<void> {
  if (request.readableEnded || request.destroyed) return Promise.resolve()
  if (Number(request.headers['content-length'] ?? 0) > mostBytes) return Promise.resolve()
  return new Promise((resolve) => {
    let leftBytes = mostBytes
    const onData = (chunk: Uint8Array) => {
      leftBytes -= chunk.length
      if (leftBytes < 0) finish()
    }
    const timer = setTimeout(finish, longestMs)
    function finish(): void {
      clearTimeout(timer)
      request.off('data', onData)
      for (const event of ['end', 'error', 'close']) request.off(event, finish)
      resolve()
    }
    request.on('data', onData)
    for (const event of ['end', 'error', 'close']) request.on(event, finish)
    request.resume()
  })
}
