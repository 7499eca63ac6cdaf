/**
 * Fires jobs while this node leads.
 *
 * Easy to get wrong: leading again is the normal way out of every trouble. After an error, a stall of seconds or a
 * clock that was set, the loop goes back to `recover`, which looks at the stored cursor and the recorded fires as a new
 * leader would. Whatever is dispatched twice on the way is started once: the nodes' journals see to that.
 */
import { backoffMs } from '../core/backoff.ts'
import type { Clock } from '../core/clock.ts'
import { messageOf } from '../core/errors.ts'
import type { Log } from '../core/log.ts'
import type { StartOrder } from '../model/execution.ts'
import type { LeaderDuty, Term } from '../model/member.ts'
import type { ScheduledJob } from '../model/scheduled-job.ts'
import { graceMs } from './catch-up.ts'
import { CursorKeeper } from './cursor-keeper.ts'
import { FirePlan, type PlannedJob } from './fire-plan.ts'
import { FireRecorder, type SizedFire } from './fire-recorder.ts'
import type { JobChange, JobView } from './job-view.ts'
import { MissedBacklog } from './missed-backlog.ts'
import type { PlacementRound, Placer } from './placer.ts'
import type { Dispatcher, ExecutionLog, FireCursorStore, FiredJob, FireLog } from './ports.ts'
import { RecordedFires } from './recorded-fires.ts'
import { scheduledOrder } from './start-order.ts'

export interface FireLoopParts {
  readonly jobs: Pick<JobView, 'ready' | 'all' | 'peek' | 'subscribe'>
  readonly fireLog: FireLog
  readonly dispatcher: Dispatcher
  readonly history: Pick<ExecutionLog, 'append' | 'list'>
  readonly cursors: FireCursorStore
  readonly placer: Placer
  readonly clock: Clock
  readonly log: Log
  /** The zone of jobs that name none. */
  readonly agentZone: string
  /** Executions kept of each job. */
  readonly historyLimit: number
}

const retryPolicy = { firstMs: 100, maxMs: 5_000 }
/** A clock set back by less is waited for, as Vixie cron does (cron.c); by more, its future is taken for a mistake. */
const farBackMs = 3 * 3_600_000
/** Never asleep for longer, so that a clock that is set is noticed. */
const longestSleepMs = 1_000

export class FireLoop implements LeaderDuty {
  readonly name = 'firing'
  readonly #parts: FireLoopParts

  constructor(parts: FireLoopParts) {
    this.#parts = parts
  }

  async lead(term: Term, signal: AbortSignal): Promise<void> {
    await this.#parts.jobs.ready(signal)
    const log = this.#parts.log.child({ term: term.number })
    await new FiringTerm({ ...this.#parts, log }, signal).run()
  }
}

/** One reign. */
class FiringTerm {
  readonly #parts: FireLoopParts
  readonly #signal: AbortSignal
  readonly #recorder: FireRecorder
  readonly #backlog: MissedBacklog
  readonly #cursor: CursorKeeper
  readonly #plan: FirePlan
  /** What the fire log held when this leader last looked. */
  #recorded = new RecordedFires()
  /** What was due before is late with reason: `recover` has decided about it. */
  #recoveredAt = 0
  #latestNow = 0
  #isPlanned = false
  #failures = 0
  #writing: Promise<void> | null = null
  #wake: () => void = () => {}
  readonly #orderBytes = new WeakMap<ScheduledJob, number>()

  constructor(parts: FireLoopParts, signal: AbortSignal) {
    this.#parts = parts
    this.#signal = signal
    this.#recorder = new FireRecorder(parts)
    this.#backlog = new MissedBacklog(parts)
    this.#cursor = new CursorKeeper(parts)
    this.#plan = new FirePlan({
      agentZone: parts.agentZone,
      log: parts.log,
      onMissed: (missed) => {
        const recorded = this.#recorded
        const isRecorded = (atMs: number) => recorded.has(missed.jobName, Math.ceil(atMs / 1_000))
        this.#backlog.add({ ...missed, isRecorded })
      },
    })
  }

  async run(): Promise<void> {
    const unsubscribe = this.#parts.jobs.subscribe((change) => this.#onChange(change))
    const wake = () => this.#wake()
    this.#signal.addEventListener('abort', wake)
    try {
      while (!this.#signal.aborted) await this.#tryToFire()
    } finally {
      unsubscribe()
      this.#signal.removeEventListener('abort', wake)
      await this.#writing
      if (this.#isPlanned) await this.#cursor.saveLast(this.#handledThroughSecond())
    }
  }

  async #tryToFire(): Promise<void> {
    try {
      await this.#recover()
      await this.#fireUntilTrouble()
    } catch (error) {
      if (this.#signal.aborted) return
      this.#failures += 1
      this.#parts.log.warn({ error: messageOf(error), failures: this.#failures }, 'firing failed, trying again')
      await this.#sleep(backoffMs(retryPolicy, this.#failures, Math.random))
    }
  }

  /** Completes what was recorded and decides about everything that should have fired by now. */
  async #recover(): Promise<void> {
    const { clock, fireLog, jobs } = this.#parts
    const cursor = await this.#cursor.load(clock.now(), farBackMs)
    // Another leader has been here: what this one remembers is older than what is stored.
    if (cursor.isForeign) this.#plan.clear()
    if (cursor.wasReset) this.#plan.forgetAfter(clock.now())
    const recorded = new RecordedFires()
    for await (const record of fireLog.listAfter(cursor.throughSecond)) {
      this.#signal.throwIfAborted()
      recorded.note(record)
      await this.#recorder.dispatch(record)
    }
    this.#signal.throwIfAborted()
    this.#recorded = recorded
    this.#isPlanned = true
    const nowMs = clock.now()
    this.#plan.keepOnly((name) => jobs.peek(name) !== null)
    let count = 0
    for (const job of jobs.all()) {
      this.#plan.put(job, this.#cursor.savedMs, nowMs)
      count += 1
      if (count % 1_000 === 0) await new Promise((resolve) => setImmediate(resolve))
    }
    this.#recoveredAt = clock.now()
    this.#latestNow = this.#recoveredAt
    this.#writeMissed()
  }

  /** Starts every second's jobs in it. Returns when the leader should look at everything again, or has to go. */
  async #fireUntilTrouble(): Promise<void> {
    while (!this.#signal.aborted) {
      const nowMs = this.#parts.clock.now()
      if (nowMs < this.#latestNow - farBackMs) {
        this.#parts.log.warn({ backMs: this.#latestNow - nowMs }, 'the clock was set back by far')
        // It may have been set back up to a sleep ago; what was recorded of that time is not started again.
        await this.#cursor.reset(nowMs - graceMs)
        this.#plan.forgetAfter(nowMs - graceMs)
        return
      }
      this.#latestNow = Math.max(this.#latestNow, nowMs)
      const second = this.#plan.firstSecond
      if (second !== null && second * 1_000 <= nowMs) {
        if (second * 1_000 > this.#recoveredAt && nowMs - second * 1_000 > graceMs) return
        await this.#fire(second)
      } else {
        this.#cursor.saveLazily(this.#handledThroughSecond())
        await this.#sleep(second === null ? longestSleepMs : second * 1_000 - nowMs)
      }
    }
  }

  async #fire(second: number): Promise<void> {
    const taken = this.#plan.take(second)
    const round = this.#parts.placer.begin()
    try {
      await this.#recorder.fire(second, this.#sizedFires(taken, round), this.#recorded)
    } catch (error) {
      this.#plan.putBack(taken)
      throw error
    }
    this.#failures = 0
    this.#plan.advance(taken)
    this.#cursor.noteFired(second)
    this.#cursor.saveLazily(this.#handledThroughSecond())
  }

  *#sizedFires(taken: readonly PlannedJob[], round: PlacementRound): IterableIterator<SizedFire> {
    for (const planned of taken) yield this.#sizedFire(planned, round)
  }

  #sizedFire({ job, nextAt }: PlannedJob, round: PlacementRound): SizedFire {
    const order = scheduledOrder(job, nextAt ?? 0)
    const placement = round.place(job.tags)
    // Only the instants in an order change from fire to fire, and they always have as many digits.
    const orderBytes = this.#orderBytes.get(job) ?? Buffer.byteLength(JSON.stringify(order))
    this.#orderBytes.set(job, orderBytes)
    const fire =
      placement.kind === 'placed' ? { nodeNames: placement.nodeNames, order } : unplacedFire(order, placement)
    return { fire, sizeBytes: orderBytes + Buffer.byteLength(JSON.stringify(placement)) }
  }

  /** Everything due in this second or before was dealt with, and is written down. */
  #handledThroughSecond(): number {
    const nowSecond = Math.floor(this.#parts.clock.now() / 1_000)
    const first = this.#plan.firstSecond ?? Number.POSITIVE_INFINITY
    const heldMs = this.#backlog.heldAtMs() ?? Number.POSITIVE_INFINITY
    return Math.min(nowSecond, first - 1, Math.floor(heldMs / 1_000))
  }

  #onChange(change: JobChange): void {
    // Before the first plan is made, the plan will see the change by itself.
    if (!this.#isPlanned) return
    if (change.kind === 'delete') this.#plan.remove(change.name)
    else this.#plan.put(change.job, this.#cursor.savedMs, this.#parts.clock.now())
    this.#writeMissed()
    this.#wake()
  }

  /** Writes down what was missed, beside the firing. */
  #writeMissed(): void {
    this.#writing ??= this.#writeAllMissed().finally(() => {
      this.#writing = null
      // Something may have come after the last look at the queue.
      if (this.#backlog.heldAtMs() !== null && !this.#signal.aborted) this.#writeMissed()
    })
  }

  async #writeAllMissed(): Promise<void> {
    for (let failures = 1; !this.#signal.aborted; failures += 1) {
      try {
        return await this.#backlog.drain(this.#signal)
      } catch (error) {
        this.#parts.log.warn({ error: messageOf(error), failures }, 'recording missed fires failed, trying again')
        await this.#parts.clock.sleep(backoffMs(retryPolicy, failures, Math.random), this.#signal).catch(() => {})
      }
    }
  }

  /** Sleeps until the time has passed, something changed, or the reign ends. */
  async #sleep(ms: number): Promise<void> {
    const waiting = new AbortController()
    this.#wake = () => waiting.abort()
    if (this.#signal.aborted) return
    await this.#parts.clock.sleep(Math.min(ms, longestSleepMs), waiting.signal).catch(() => {})
  }
}

function unplacedFire(order: StartOrder, { reason }: { readonly reason: string }): FiredJob {
  return { nodeNames: [], order, unplacedReason: reason }
}
