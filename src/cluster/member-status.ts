/**
 * What a node's heartbeats say about it: facts in, status out.
 *
 * Easy to get wrong: silence counts only while this node could hear. After NATS was away nobody's heartbeat is recent,
 * and yet nobody failed. But a node that hears nothing at all for long is cut off: for it, the others are gone.
 */
import type { MemberStatus } from '../model/member.ts'

export interface MemberFacts {
  /** As the node itself said last. */
  readonly said: MemberStatus
  /** How long it has been silent, of the time in which this node could hear. */
  readonly silentMs: number
  /** How long this node has not even heard itself. */
  readonly deafMs: number
  readonly failAfterMs: number
}

export function memberStatus({ said, silentMs, deafMs, failAfterMs }: MemberFacts): MemberStatus {
  if (said === 'left') return 'left'
  return silentMs > failAfterMs || deafMs > failAfterMs ? 'failed' : said
}
