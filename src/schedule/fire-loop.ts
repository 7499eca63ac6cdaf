/**
 * Fires jobs while this node leads.
 *
 * Easy to get wrong: leading again is the normal way out of every trouble. After an error, a stall of seconds or a
 * clock that was set, the loop goes back to `recover`, which looks at the stored cursor and the recorded fires as a new
 * leader would. Whatever is dispatched twice on the way is started once: the nodes' journals see to that.
 */
import { setImmediate } from 'node:timers/promises'
import { backoffMs } from '../core/backoff.ts'
import type { Clock } from '../core/clock.ts'
import { messageOf, UnavailableError } from '../core/errors.ts'
import type { Log } from '../core/log.ts'
import type { StartOrder } from '../model/execution.ts'
import type { LeaderDuty, Term } from '../model/member.ts'
import type { ScheduledJob } from '../model/scheduled-job.ts'
import { graceMs } from './catch-up.ts'
import { CursorKeeper } from './cursor-keeper.ts'
import { FirePlan, type PlannedJob } from './fire-plan.ts'
import { FireRecorder, type SizedFire } from './fire-recorder.ts'
import { FireTimesTable } from './fire-times-table.ts'
import { GroupRecords } from './group-records.ts'
import { HeldFires } from './held-fires.ts'
import type { JobChange, JobView } from './job-view.ts'
import { MissedBacklog } from './missed-backlog.ts'
import type { OverlapGate } from './overlap-gate.ts'
import type { PlacementRound, Placer } from './placer.ts'
import type { Dispatcher, ExecutionLog, FireCursorStore, FiredJob, FireLog, FireWriter } from './ports.ts'
import { RecordedFires } from './recorded-fires.ts'
import { scheduledOrder } from './start-order.ts'

export interface FireLoopParts {
  readonly jobs: Pick<JobView, 'ready' | 'caughtUp' | 'all' | 'peek' | 'subscribe'>
  readonly fireLog: Pick<FireLog, 'lead' | 'listAfter' | 'confirm'>
  readonly dispatcher: Dispatcher
  readonly history: Pick<ExecutionLog, 'append' | 'list'>
  readonly cursors: FireCursorStore
  readonly placer: Placer
  readonly gate: OverlapGate
  /** Told of each record before it is dispatched. */
  onRecorded(sequence: number, jobs: readonly FiredJob[]): void
  readonly clock: Clock
  readonly log: Log
  /** The zone of jobs that name none. */
  readonly agentZone: string
  /** By default a table of its own in each reign. */
  readonly times?: FireTimesTable
  /** Executions kept of each job. */
  readonly historyLimit: number
}

const retryPolicy = { firstMs: 100, maxMs: 5_000 }
/** A clock set back by less is waited for, as Vixie cron does (cron.c); by more, its future is taken for a mistake. */
const farBackMs = 3 * 3_600_000
/** Never asleep for longer, so that a clock that is set is noticed. */
const longestSleepMs = 1_000
/** So long before a second that is due no timer is trusted any more. */
const watchedMs = 2

export class FireLoop implements LeaderDuty {
  readonly name = 'firing'
  readonly #parts: FireLoopParts

  constructor(parts: FireLoopParts) {
    this.#parts = parts
  }

  async lead(term: Term, signal: AbortSignal): Promise<void> {
    await this.#parts.jobs.ready(signal)
    const log = this.#parts.log.child({ term: term.number })
    await new FiringTerm({ ...this.#parts, log }, term.number, signal).run()
  }
}

/** One reign. */
class FiringTerm {
  readonly #parts: FireLoopParts
  readonly #term: number
  readonly #signal: AbortSignal
  readonly #recorder: FireRecorder
  readonly #backlog: MissedBacklog
  readonly #cursor: CursorKeeper
  readonly #plan: FirePlan
  /** Fires of jobs that wait until it is known what still runs of them. */
  readonly #held = new HeldFires()
  readonly #heldRecords = new GroupRecords<SizedFire>((second, fires) => this.#record(second, fires))
  #writer: FireWriter = noWriter
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

  constructor(parts: FireLoopParts, term: number, signal: AbortSignal) {
    this.#parts = parts
    this.#term = term
    this.#signal = signal
    this.#recorder = new FireRecorder(parts)
    this.#backlog = new MissedBacklog({ ...parts, confirm: () => parts.fireLog.confirm(term) })
    this.#cursor = new CursorKeeper({ ...parts, term })
    this.#plan = new FirePlan({
      times: parts.times ?? new FireTimesTable(parts.agentZone),
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
      await Promise.all([this.#writing, this.#held.settled()])
      if (this.#isPlanned) await this.#cursor.saveLast(this.#handledThroughSecond())
    }
  }

  async #tryToFire(): Promise<void> {
    try {
      await this.#recover()
      await this.#fireUntilTrouble()
      if (this.#held.hasFailed) throw new UnavailableError('a job that must not overlap could not be fired')
    } catch (error) {
      if (this.#signal.aborted) return
      this.#failures += 1
      this.#parts.log.warn({ error: messageOf(error), failures: this.#failures }, 'firing failed, trying again')
      // Each of them would end the pause.
      await this.#held.settled()
      await this.#sleep(backoffMs(retryPolicy, this.#failures, Math.random))
    }
  }

  /** Completes what was recorded and decides about everything that should have fired by now. */
  async #recover(): Promise<void> {
    const { clock, fireLog, jobs } = this.#parts
    await this.#held.settled()
    this.#held.forgive()
    // From here on nothing of an earlier leader can arrive in the log, which is therefore read now.
    this.#writer = await fireLog.lead(this.#term)
    const cursor = await this.#cursor.load(clock.now(), farBackMs)
    // Another leader has been here: what this one remembers is older than what is stored.
    if (cursor.isForeign) this.#plan.clear()
    if (cursor.wasReset) this.#plan.forgetAfter(clock.now())
    const recorded = new RecordedFires()
    for await (const record of fireLog.listAfter(cursor.throughSecond)) {
      this.#signal.throwIfAborted()
      recorded.note(record)
      this.#parts.onRecorded(record.sequence, record.jobs)
      await this.#recorder.dispatchAgain(record, clock.now())
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
      if (count % 1_000 === 0) await setImmediate()
    }
    this.#recoveredAt = clock.now()
    this.#latestNow = this.#recoveredAt
    this.#writeMissed()
  }

  /** Starts every second's jobs in it. Returns when the leader should look at everything again, or has to go. */
  async #fireUntilTrouble(): Promise<void> {
    while (!this.#signal.aborted && !this.#held.hasFailed) {
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
        await this.#sleepUntil(second)
      }
    }
  }

  async #fire(second: number): Promise<void> {
    const { gate, placer } = this.#parts
    const taken = this.#plan.take(second)
    const isHeld = ({ job }: PlannedJob) => job.concurrency === 'forbid' && !gate.isFree(job.name)
    const held = taken.filter(isHeld).map((planned) => ({ ...planned }))
    const heldNames = new Set(held.map(({ job }) => job.name))
    const free = taken.filter(({ job }) => !heldNames.has(job.name))
    try {
      const firing = this.#record(second, this.#sizedFires(free, placer.begin()))
      const alone = free.flatMap(({ job }) => (job.concurrency === 'forbid' ? job.name : []))
      gate.occupy(alone, firing)
      await firing
    } catch (error) {
      this.#plan.putBack(taken)
      throw error
    }
    if (held.length === 0) this.#failures = 0
    this.#plan.advance(taken)
    for (const planned of held) this.#hold(second, planned)
    this.#cursor.noteFired(second)
    this.#cursor.saveLazily(this.#handledThroughSecond())
  }

  #record(second: number, fires: Iterable<SizedFire>): Promise<void> {
    return this.#recorder.fire(this.#writer, second, fires, this.#recorded)
  }

  /** Fires a job that may still run, or records that it does; beside the other jobs, which are not to wait for that. */
  #hold(second: number, planned: PlannedJob): void {
    const { gate, placer, log } = this.#parts
    const { job, nextAt } = planned
    const work = gate.inTurn(job.name, async () => {
      if (this.#held.hasFailed || this.#signal.aborted) throw new UnavailableError('firing begins anew')
      const order = scheduledOrder(job, nextAt ?? 0)
      const skippedReason = await gate.findObstacle(job.name, order.group)
      const fire =
        skippedReason === null
          ? this.#sizedFire(planned, placer.begin())
          : { fire: { nodeNames: [], order, skippedReason }, sizeBytes: Buffer.byteLength(JSON.stringify(order)) }
      await this.#heldRecords.add(second, fire)
      this.#failures = 0
    })
    this.#held.add(second, work, (error) => {
      this.#plan.putBack([planned])
      log.warn(
        { error: messageOf(error), job: job.name },
        'a job that must not overlap could not be fired, trying again',
      )
      this.#wake()
    })
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
    return Math.min(nowSecond, first - 1, this.#held.firstSecond - 1, Math.floor(heldMs / 1_000))
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

  /** A timer may be late by more than a millisecond: the last ones are waited for by looking at the clock. */
  async #sleepUntil(second: number | null): Promise<void> {
    if (second === null) return await this.#sleep(longestSleepMs)
    const leftMs = second * 1_000 - this.#parts.clock.now()
    if (leftMs > watchedMs) await this.#sleep(leftMs - watchedMs)
    else await setImmediate()
  }

  /** Sleeps until the time has passed, something changed, or the reign ends. */
  async #sleep(ms: number): Promise<void> {
    const waiting = new AbortController()
    this.#wake = () => waiting.abort()
    if (this.#signal.aborted) return
    await this.#parts.clock.sleep(Math.min(ms, longestSleepMs), waiting.signal).catch(() => {})
  }
}

/** Before the first `recover`. */
const noWriter: FireWriter = {
  append: () => Promise.reject(new UnavailableError('the reign has not begun')),
}

function unplacedFire(order: StartOrder, { reason }: { readonly reason: string }): FiredJob {
  return { nodeNames: [], order, unplacedReason: reason }
}
