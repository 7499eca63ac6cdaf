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

/** A duty that waits for NATS must not hold up the rest; the lease runs out by itself. */
const stepDownWithinMs = 3_000

/** Never throws. @returns false when the work was not finished within `timeoutMs` */
export async function leaveCluster(steps: LeaveSteps, timeoutMs: number, clock: Clock, log: Log): Promise<boolean> {
  log.info({ timeoutMs }, 'leaving the cluster')
  const attempt = (what: string, step: Promise<void>): Promise<boolean> =>
    step.then(
      () => true,
      (err: unknown) => {
        log.warn({ err, what }, 'a step of leaving failed')
        return false
      },
    )
  await attempt('telling the others', steps.markLeaving())
  await within(stepDownWithinMs, clock, attempt('giving leadership back', steps.stepDown()))
  const ending = new AbortController()
  const isDrained = await within(timeoutMs, clock, attempt('finishing the work', steps.drain(ending.signal)))
  ending.abort(new Error(isDrained ? 'drained' : 'the time to leave is over'))
  await attempt('telling the others', steps.markLeft())
  log.info({ isDrained }, 'left the cluster')
  return isDrained
}

/** @returns false when it takes longer */
async function within(ms: number, clock: Clock, step: Promise<boolean>): Promise<boolean> {
  const done = new AbortController()
  const timeOver = clock.sleep(ms, done.signal).then(
    () => false,
    () => false,
  )
  const answer = await Promise.race([step, timeOver])
  done.abort(new Error('done'))
  return answer
}
