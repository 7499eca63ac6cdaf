/** What the cluster needs from outside. `engine` implements it on NATS; `agent` wires it. */
import type { Bucket } from '../model/bucket.ts'
import type { Member, Term } from '../model/member.ts'

/** A lease that this process holds. */
export interface HeldLease {
  readonly term: Term
  /** By the monotonic clock: the holder must have stopped leading by then, whatever happened. */
  readonly expiresAtMs: number
}

/**
 * How the cluster agrees on who leads.
 *
 * Easy to get wrong: losing the lease is normal. A holder that cannot renew must stop leading before `expiresAtMs` by
 * its own clock, without waiting to be told.
 */
export interface LeaderLease {
  /** Tries once. @returns null while another node holds it @throws UnavailableError */
  tryAcquire(): Promise<HeldLease | null>
  /** Safe to repeat. @returns null when another node took over @throws UnavailableError */
  renew(held: HeldLease): Promise<HeldLease | null>
  /** Gives it back at once; never throws. */
  release(held: HeldLease): Promise<void>
  /** Who leads as far as this node knows. */
  observed(): Term | null
}

/** What a node says of itself again and again. */
export interface Heartbeat {
  readonly member: Member
  /** Counts up, so that every heartbeat is a change. */
  readonly beat: number
}

/** Heartbeats by node id; may forget everything at a restart of its server. */
export type HeartbeatStore = Bucket<Heartbeat>

/** Which node a name belongs to; durable. */
export interface NameClaim {
  readonly nodeId: string
}

export type NameClaims = Bucket<NameClaim>
