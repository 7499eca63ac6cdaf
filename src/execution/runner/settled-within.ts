import type { Clock } from '../../core/clock.ts'

/** Waits for `promise`, at most `limitMs`, leaving no timer behind. */
export async function settledWithin(promise: Promise<void>, limitMs: number, clock: Clock): Promise<void> {
  const done = new AbortController()
  const limit = clock.sleep(limitMs, done.signal).catch(() => {})
  await Promise.race([promise, limit])
  done.abort('settled')
}
