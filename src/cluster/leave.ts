/** How a node goes away on purpose: it says so, gives leadership back, finishes its work, and says that it is gone. */
import type { Clock } from '../core/clock.ts'
import type { Log } from '../core/log.ts'

export interface LeaveSteps {
  /** Members: this node takes no new work from now on. */
  markLeaving(): Promise<void>
  /** Leadership passes at once. */
  stepDown(): Promise<void>
  /** Finishes or hands over what runs here; aborted when the time is over. */
  drain(signal: AbortSignal): Promise<void>
  markLeft(): Promise<void>
}

/** @returns false when the work was not finished within `timeoutMs` */
export async function leaveCluster(steps: LeaveSteps, timeoutMs: number, clock: Clock, log: Log): Promise<boolean> {
  log.info({ timeoutMs }, 'leaving the cluster')
  await steps.markLeaving()
  await steps.stepDown()
  const ending = new AbortController()
  const isDrained = await Promise.race([
    steps.drain(ending.signal).then(() => true),
    clock.sleep(timeoutMs, ending.signal).then(
      () => false,
      () => false,
    ),
  ])
  ending.abort(new Error(isDrained ? 'drained' : 'the time to leave is over'))
  await steps.markLeft()
  log.info({ isDrained }, 'left the cluster')
  return isDrained
}
