/**
 * Who may take the lease when: facts in, decision out.
 *
 * Easy to get wrong: "expired" is never read from a time that somebody else wrote. A lease is free for others when our
 * own monotonic clock has seen no new revision of it for its whole length. The holder counts from before it sent the
 * renewal, which is earlier than we can have seen it, so it stops before anybody else begins.
 */
export interface LeaseRecord {
  readonly nodeId: string
  readonly nodeName: string
  /** The process that wrote it: new at each start of an agent. */
  readonly owner: string
  readonly term: number
  readonly isReleased: boolean
}

/** What we saw of the lease key last, and when, by our own monotonic clock. */
export interface SeenLease {
  readonly record: LeaseRecord
  readonly revision: number
  readonly seenAtMs: number
}

export type LeaseDecision =
  | { readonly kind: 'take'; readonly reason: 'never-held' | 'released' | 'own' | 'expired' }
  | { readonly kind: 'wait'; readonly forMs: number }

export interface LeaseFacts {
  readonly seen: SeenLease | null
  /** Nobody has written the lease since this process began to observe it. */
  readonly isUntouched: boolean
  readonly nodeId: string
  /** This process. */
  readonly owner: string
  readonly nowMs: number
  readonly leaseMs: number
  /** This candidate waits so much longer than the lease: all see it run out at the same time. */
  readonly jitterMs: number
}

export function decideAcquire(facts: LeaseFacts): LeaseDecision {
  const { seen, nodeId, owner, nowMs } = facts
  if (seen === null) return { kind: 'take', reason: 'never-held' }
  const { record } = seen
  if (record.isReleased) return { kind: 'take', reason: 'released' }
  if (record.owner === owner) return { kind: 'take', reason: 'own' }
  // One agent uses a data directory, and so a node id, at a time: this is what an earlier process of ours left. But
  // should it be renewed, an agent with a copy of the directory has it, and is as alive as we are.
  if (record.nodeId === nodeId && facts.isUntouched) return { kind: 'take', reason: 'own' }
  const leftMs = facts.leaseMs + facts.jitterMs - (nowMs - seen.seenAtMs)
  return leftMs < 0 ? { kind: 'take', reason: 'expired' } : { kind: 'wait', forMs: leftMs }
}
