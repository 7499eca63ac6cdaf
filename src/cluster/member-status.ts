/**
 * What a node's heartbeats say about it: facts in, status out.
 *
 * Easy to get wrong: silence counts only while the store could be heard. After NATS was away nobody's heartbeat is
 * recent, and yet nobody failed; so the wait begins anew when our own heartbeat gets through again.
 */
import type { MemberStatus } from '../model/member.ts'

export interface MemberFacts {
  /** As the node itself said last. */
  readonly said: MemberStatus
  /** When its last heartbeat was seen, by our own monotonic clock. */
  readonly seenAtMs: number
  /** When the store was last heard again after it could not be; null while it cannot be heard. */
  readonly storeHeardSinceMs: number | null
  readonly nowMs: number
  readonly failAfterMs: number
}

export function memberStatus(facts: MemberFacts): MemberStatus {
  if (facts.said === 'left') return 'left'
  if (facts.storeHeardSinceMs === null) return facts.said
  const silentMs = facts.nowMs - Math.max(facts.seenAtMs, facts.storeHeardSinceMs)
  return silentMs > facts.failAfterMs ? 'failed' : facts.said
}
