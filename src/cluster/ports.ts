/** What the cluster needs from outside. `engine` implements it on NATS; `agent` wires it. */
import type { Bucket } from '../model/bucket.ts'
import type { Member, NodeLoad, Term } from '../model/member.ts'

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

/** What a node tells all others every second. Fields that are added are optional: neighbouring versions live together. */
export interface Heartbeat {
  readonly member: Member
  /** The process that says it: new at each start of an agent. */
  readonly instance: string
  /** Counts up from 1. */
  readonly beat: number
  readonly load: NodeLoad
  /** The time that the sender keeps, in milliseconds since the epoch. */
  readonly at: number
  /** The wall clock of the sender's machine minus `at`. */
  readonly clockOffsetMs: number
  /** The sender is new and wants to hear everybody now. */
  readonly asks: boolean
}

/** From each node to all; what is not heard at once is never heard. */
export interface BeatChannel {
  /** The sender hears it too. @throws UnavailableError while not connected */
  send(beat: Heartbeat): void
  /** Resolves when what was sent is on its way. @throws UnavailableError */
  flush(): Promise<void>
  /** Goes on after every loss of the connection, until `signal` aborts. */
  listen(hear: (beat: Heartbeat) => void, signal: AbortSignal): void
  /** Calls back whenever the connection is there again, until `signal` aborts. */
  onReturn(listener: () => void, signal: AbortSignal): void
}

/** What is kept of a node while it is silent: as it was when it joined, changed or went. */
export interface MemberRecord {
  readonly member: Member
  readonly instance: string
}

/** By node id; durable. Each node writes its own; those gone for good are deleted by whoever notices. */
export type MemberRecords = Bucket<MemberRecord>

/** Which node a name belongs to; durable. */
export interface NameClaim {
  readonly nodeId: string
}

export type NameClaims = Bucket<NameClaim>
