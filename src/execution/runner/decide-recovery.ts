/**
 * What becomes of an accepted order that has no result when a runner starts: the rule alone.
 *
 * Easy to get wrong: `starting` notes survive a kill of the runner, not a power cut. Only under the same boot does
 * their absence prove that a command was never started.
 */
import type { AcceptedOrder } from './key-state.ts'

export interface RecoveryFacts {
  readonly accepted: AcceptedOrder
  /** The machine has not been restarted since the journal was last used. */
  readonly isSameBoot: boolean
  /** Its process still runs. */
  readonly isRunning: boolean
  readonly nowMs: number
}

/** While a runner is away for longer, a later fire of the job may have been let past. */
const freshMs = 3_000

export type RecoveryDecision =
  | { readonly kind: 'refuse'; readonly outcome: 'missed' | 'skipped'; readonly reason: string }
  | { readonly kind: 'adopt' }
  | { readonly kind: 'start' }
  | { readonly kind: 'unknown'; readonly reason: string }

export function decideRecovery({ accepted, isSameBoot, isRunning, nowMs }: RecoveryFacts): RecoveryDecision {
  if (accepted.refusal !== null) return { kind: 'refuse', ...accepted.refusal }
  if (!isSameBoot) return unknown('the machine was restarted before the end of the command was seen')
  if (isRunning) return { kind: 'adopt' }
  if (accepted.spawn !== null)
    return unknown('the runner was killed while the command ran, and it had ended when the next runner came')
  if (accepted.isStarting) return unknown('the runner was killed in the moment in which it started the command')
  if (accepted.order.concurrency === 'forbid' && Math.abs(nowMs - accepted.acceptedAt) > freshMs)
    return { kind: 'refuse', outcome: 'missed', reason: 'not started: the runner was killed before its turn came' }
  return { kind: 'start' }
}

function unknown(reason: string): RecoveryDecision {
  return { kind: 'unknown', reason: `outcome unknown: ${reason}` }
}
