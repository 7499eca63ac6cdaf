/** Waiting until a server that was just started answers. */
import { setTimeout as sleep } from 'node:timers/promises'
import { ServerEndedError, type ServerProcess } from './server-process.ts'

const pauseMs = 40

/**
 * Calls `check` until it succeeds.
 *
 * @throws ServerEndedError at once when the server has ended; Error after `withinMs`. Both show the end of its log
 */
export async function whenReady(
  server: ServerProcess,
  name: string,
  check: () => Promise<unknown>,
  withinMs = 60_000,
): Promise<void> {
  const deadline = performance.now() + withinMs
  for (;;) {
    server.assertRunning(name)
    try {
      await check()
      return
    } catch (cause) {
      if (cause instanceof ServerEndedError) throw cause
      if (performance.now() >= deadline)
        throw new Error(`${name} did not answer within ${withinMs} ms:\n${server.lastLogLines()}`, { cause })
    }
    await sleep(pauseMs)
  }
}
