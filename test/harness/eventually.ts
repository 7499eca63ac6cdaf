/** Waiting for something in another process, without a fixed sleep. */
import { setTimeout as sleep } from 'node:timers/promises'

const firstPauseMs = 25
const longestPauseMs = 100

/**
 * Calls `check` again and again until it neither throws nor answers false or undefined.
 *
 * @param withinMs how long to try; `check` itself is not interrupted
 * @param label what is waited for, for the error
 * @returns what `check` answered
 * @throws Error after `withinMs`, with the last error as its cause
 */
export async function eventually<Value>(
  check: () => Promise<Value> | Value,
  withinMs: number,
  label = 'the condition',
): Promise<Exclude<Value, false | undefined>> {
  const deadline = performance.now() + withinMs
  let lastError: unknown
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(longestPauseMs, pauseMs * 1.5)) {
    try {
      const value = await check()
      if (value !== false && value !== undefined) return value as Exclude<Value, false | undefined>
      lastError = undefined
    } catch (error) {
      lastError = error
    }
    if (performance.now() >= deadline) throw timeOut(label, withinMs, lastError)
    await sleep(pauseMs)
  }
}

function timeOut(label: string, withinMs: number, cause: unknown): Error {
  const reason = cause instanceof Error ? `: ${cause.message}` : ''
  return new Error(`${label} did not come true within ${withinMs} ms${reason}`, cause === undefined ? {} : { cause })
}
