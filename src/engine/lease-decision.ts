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
  readonly nodeId: string
  readonly nowMs: number
  readonly leaseMs: number
}

export function decideAcquire({ seen, nodeId, nowMs, leaseMs }: LeaseFacts): LeaseDecision {
  if (seen === null) return { kind: 'take', reason: 'never-held' }
  if (seen.record.isReleased) return { kind: 'take', reason: 'released' }
  // Only one agent uses a data directory, and so a node id, at a time: this is what an earlier process of ours left.
  if (seen.record.nodeId === nodeId) return { kind: 'take', reason: 'own' }
  const silentMs = nowMs - seen.seenAtMs
  return silentMs > leaseMs ? { kind: 'take', reason: 'expired' } : { kind: 'wait', forMs: leaseMs - silentMs }
}
