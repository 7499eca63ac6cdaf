/** A part of an answer that may be missing: one thing that hangs must not hide the others. */
import type { Clock } from '../../core/clock.ts'
import { MillraceError } from '../../core/errors.ts'

export type Part<Value> =
  | { readonly kind: 'read'; readonly value: Value }
  /** `reason` is for people. */
  | { readonly kind: 'unread'; readonly reason: string }

/** Never rejects; after `withinMs` the part counts as unread, whatever becomes of it. */
export async function readPart<Value>(
  read: () => Promise<Value>,
  withinMs: number,
  clock: Clock,
): Promise<Part<Value>> {
  const ending = new AbortController()
  const tooLate = clock.sleep(withinMs, ending.signal).then(
    (): Part<Value> => ({ kind: 'unread', reason: `it did not answer within ${withinMs / 1000} s` }),
    (): Part<Value> => ({ kind: 'unread', reason: 'it was not waited for' }),
  )
  try {
    return await Promise.race([read().then((value): Part<Value> => ({ kind: 'read', value })), tooLate])
  } catch (error) {
    // Messages that are not ours may hold anything.
    return { kind: 'unread', reason: error instanceof MillraceError ? error.message : 'an error inside the agent' }
  } finally {
    ending.abort()
  }
}
