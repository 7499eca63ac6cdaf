/** Delays between tries of something that may heal by itself. */

export interface BackoffPolicy {
  /** Longest delay before the first retry, in milliseconds. */
  readonly firstMs: number
  /** No delay is longer. */
  readonly maxMs: number
}

/**
 * Delay before retry number `attempt`, with jitter over its upper half, so that many clients spread out and none
 * retries at once.
 *
 * @param attempt 1 for the first retry
 * @param random uniform in [0, 1); injected so that tests are exact
 * @returns whole milliseconds in [0, policy.maxMs]
 * @throws RangeError if `attempt` is not a positive integer
 */
export function backoffMs(policy: BackoffPolicy, attempt: number, random: () => number): number {
  if (!Number.isInteger(attempt) || attempt < 1) throw new RangeError(`attempt must be 1 or more, got ${attempt}`)
  const ceilingMs = Math.min(policy.maxMs, policy.firstMs * 2 ** Math.min(attempt - 1, 50))
  return Math.floor(ceilingMs / 2 + (ceilingMs / 2) * random())
}
