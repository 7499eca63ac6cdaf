/** Whether an order that arrived is started: the rule alone, no clock and no journal. */
import type { StartOrder } from '../../model/execution.ts'

export interface StartFacts {
  readonly order: StartOrder
  readonly nowMs: number
  /** The journal already has this order's key: whatever became of it, it is not started again. */
  readonly isKnown: boolean
  /** An execution of the same job waits or runs on this node. */
  readonly isJobActive: boolean
}

export type StartDecision =
  | { readonly kind: 'start' }
  | { readonly kind: 'ignore' }
  | { readonly kind: 'refuse'; readonly outcome: 'missed' | 'skipped'; readonly reason: string }

export function decideStart(facts: StartFacts): StartDecision {
  const { order, nowMs } = facts
  if (facts.isKnown) return { kind: 'ignore' }
  if (order.startBeforeAt !== null && nowMs > order.startBeforeAt) {
    const limit = new Date(order.startBeforeAt).toISOString()
    const reason = `not started: the order arrived ${nowMs - order.startBeforeAt} ms after ${limit}, the latest start`
    return { kind: 'refuse', outcome: 'missed', reason }
  }
  // Ours: Dkron 0.7.2 has no such setting and always runs.
  if (order.concurrency === 'forbid' && facts.isJobActive)
    return { kind: 'refuse', outcome: 'skipped', reason: 'not started: an earlier execution of this job still runs' }
  return { kind: 'start' }
}
