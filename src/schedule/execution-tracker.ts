/**
 * Follows, while this node leads, what was ordered and what became of it; gives up on lost nodes, and tries again.
 *
 * Easy to get wrong: a reign begins where the last one's snapshot ends, and the first thing it stores is that snapshot
 * under its own term, so that an earlier leader that wakes up can store none any more.
 */
import type { Clock } from '../core/clock.ts'
import { ConflictError, LeadershipLostError, messageOf, UnavailableError } from '../core/errors.ts'
import type { Log } from '../core/log.ts'
import type { Bucket, Versioned } from '../model/bucket.ts'
import type { LeaderDuty, Member, Term } from '../model/member.ts'
import type { JobView } from './job-view.ts'
import { type LostNode, LostNodes } from './lost-nodes.ts'
import { type OpenExecution, OpenExecutions } from './open-executions.ts'
import { packSnapshot, type SnapshotRecord, unpackSnapshot } from './open-snapshot.ts'
import type { ExecutionLog, FiredJob, FireLog } from './ports.ts'
import { Retries, type RetryParts } from './retries.ts'
import { groupTimeMs, lostExecution } from './start-order.ts'

export interface TrackerParts extends RetryParts {
  readonly jobs: Pick<JobView, 'ready' | 'peek' | 'find'>
  readonly fireLog: Pick<FireLog, 'createRetry' | 'lastSequence' | 'follow' | 'confirm'>
  readonly history: Pick<ExecutionLog, 'append' | 'appendLost' | 'list' | 'lastSequence' | 'follow'>
  readonly snapshots: Bucket<SnapshotRecord>
  readonly members: () => readonly Member[]
  readonly clock: Clock
  readonly log: Log
}

const snapshotKey = 'open'
const saveEveryMs = 3_000
const lookEveryMs = 1_000
const atOnce = 16

export class ExecutionTracker implements LeaderDuty {
  readonly name = 'executions'
  readonly #parts: TrackerParts
  #reign: TrackedReign | null = null

  constructor(parts: TrackerParts) {
    this.#parts = parts
  }

  /** What is under way, or null while this node does not lead or has not read it yet. */
  get open(): OpenExecutions | null {
    return this.#reign?.isComplete === true ? this.#reign.open : null
  }

  /** @throws UnavailableError while this node does not lead */
  get term(): number {
    if (this.#reign === null) throw new UnavailableError('this node does not lead')
    return this.#reign.term
  }

  /** @throws LeadershipLostError when another leader has begun, UnavailableError while this node does not lead */
  async confirm(): Promise<void> {
    await this.#parts.fireLog.confirm(this.term)
  }

  /** Tells what this leader has just recorded, so that it need not be read first. */
  noteRecorded(sequence: number, jobs: readonly FiredJob[]): void {
    this.#reign?.open.note(sequence, jobs, this.#parts.clock.now())
  }

  async lead(term: Term, signal: AbortSignal): Promise<void> {
    await this.#parts.jobs.ready(signal)
    const log = this.#parts.log.child({ term: term.number })
    const reign = await TrackedReign.begin({ ...this.#parts, log }, term.number)
    this.#reign = reign
    try {
      await reign.run(signal)
    } finally {
      this.#reign = null
    }
  }
}

/** One reign. */
class TrackedReign {
  readonly open = new OpenExecutions()
  readonly #parts: TrackerParts
  readonly term: number
  readonly #retries: Retries
  readonly #lostNodes = new LostNodes()
  #firesThrough: number
  #executionsThrough: number
  #stored: Versioned<SnapshotRecord> | null
  #isComplete = false

  private constructor(parts: TrackerParts, term: number, stored: Versioned<SnapshotRecord> | null, ends: LogEnds) {
    this.#parts = parts
    this.term = term
    this.#stored = stored
    // Logs that were made anew know nothing of what the snapshot speaks of.
    const known = stored !== null && stored.value.firesThrough <= ends.fires ? stored.value : null
    this.#firesThrough = known?.firesThrough ?? ends.fires
    this.#executionsThrough = Math.min(known?.executionsThrough ?? ends.executions, ends.executions)
    const snapshot = known === null ? { open: [], early: [], noted: [], retries: [] } : unpackSnapshot(known.packed)
    this.open.restore(snapshot, this.#firesThrough)
    this.#retries = new Retries(parts, this.open, snapshot.retries)
  }

  /** @throws LeadershipLostError when a higher term has stored a snapshot */
  static async begin(parts: TrackerParts, term: number): Promise<TrackedReign> {
    const { snapshots, fireLog, history } = parts
    const stored = await snapshots.get(snapshotKey)
    if (stored !== null && stored.value.term > term) throw new LeadershipLostError(term, stored.value.term)
    const [fires, executions] = await Promise.all([fireLog.lastSequence(), history.lastSequence()])
    const reign = new TrackedReign(parts, term, stored, { fires, executions })
    await reign.#save()
    return reign
  }

  /** Every order that was recorded before this reign has been read. */
  get isComplete(): boolean {
    return this.#isComplete
  }

  async run(signal: AbortSignal): Promise<void> {
    const failed = new AbortController()
    const ending = AbortSignal.any([signal, failed.signal])
    const work = [
      this.#followFires(ending),
      this.#keepSaving(ending),
      this.#whenComplete(ending).then(() => Promise.all([this.#followExecutions(ending), this.#giveUpOnLost(ending)])),
      this.#whenComplete(ending).then(() => this.#retries.run(ending)),
    ]
    try {
      await Promise.all(work)
    } finally {
      failed.abort(new Error('a part of it failed'))
      await Promise.allSettled(work)
    }
  }

  async #followFires(signal: AbortSignal): Promise<void> {
    const { fireLog, clock } = this.#parts
    for await (const event of fireLog.follow(this.#firesThrough, signal)) {
      if (event.kind === 'caught-up') {
        this.#isComplete = true
        continue
      }
      this.open.read(event.sequence, event.jobs, clock.now())
      this.#firesThrough = event.sequence
    }
  }

  async #followExecutions(signal: AbortSignal): Promise<void> {
    for await (const { sequence, execution } of this.#parts.history.follow(this.#executionsThrough, signal)) {
      this.open.close(execution)
      this.#retries.note(execution)
      this.#executionsThrough = sequence
    }
  }

  async #whenComplete(signal: AbortSignal): Promise<void> {
    while (!this.#isComplete && !signal.aborted) await this.#parts.clock.sleep(10, signal).catch(() => {})
  }

  async #keepSaving(signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#parts
    while (!signal.aborted) {
      await clock.sleep(saveEveryMs, signal).catch(() => {})
      const surplus = this.open.prune(clock.now())
      if (surplus > 0) log.error({ surplus }, 'too many executions are under way to follow all of them')
      try {
        await this.#save()
      } catch (error) {
        if (error instanceof LeadershipLostError) throw error
        log.warn({ error: messageOf(error) }, 'what is under way could not be stored, trying again later')
      }
    }
  }

  /** @throws LeadershipLostError when a higher term has stored one */
  async #save(): Promise<void> {
    const { snapshots } = this.#parts
    for (;;) {
      const record = this.#snapshot()
      const stored = this.#stored
      if (record === null || isSame(record, stored?.value)) return
      try {
        const revision = await (stored === null
          ? snapshots.create(snapshotKey, record)
          : snapshots.update(snapshotKey, record, stored.revision))
        this.#stored = { key: snapshotKey, value: record, revision }
        return
      } catch (error) {
        if (!(error instanceof ConflictError)) throw error
        this.#stored = await snapshots.get(snapshotKey)
        const foundTerm = this.#stored?.value.term ?? 0
        if (foundTerm > this.term) throw new LeadershipLostError(this.term, foundTerm)
      }
    }
  }

  /** @returns null when there is too much to store */
  #snapshot(): SnapshotRecord | null {
    const packed = packSnapshot({ ...this.open.state(), retries: this.#retries.state() })
    if (packed === null) return null
    return {
      ...{ term: this.term, firesThrough: this.#firesThrough, executionsThrough: this.#executionsThrough },
      packed,
    }
  }

  async #giveUpOnLost(signal: AbortSignal): Promise<void> {
    const { clock, members, log } = this.#parts
    while (!signal.aborted) {
      for (const lost of this.#lostNodes.look(this.open.nodesWaitedFor(), members(), clock.monotonicMs()))
        try {
          await this.#giveUp(lost, signal)
        } catch (error) {
          log.warn({ error: messageOf(error), node: lost.nodeName }, 'lost executions could not be recorded yet')
        }
      await clock.sleep(lookEveryMs, signal).catch(() => {})
    }
  }

  async #giveUp(lost: LostNode, signal: AbortSignal): Promise<void> {
    const waiting = this.open.waitingOn(lost.nodeName)
    this.#parts.log.warn(
      { node: lost.nodeName, executions: waiting.length },
      'the executions of a lost node are given up',
    )
    for (let start = 0; start < waiting.length && !signal.aborted; start += atOnce)
      await Promise.all(waiting.slice(start, start + atOnce).map((one) => this.#recordLost(one, lost)))
  }

  async #recordLost(open: OpenExecution, { nodeName, goneForMs }: LostNode): Promise<void> {
    const { jobs, history, clock } = this.#parts
    const job = (await jobs.find(open.jobName))?.value
    // A deleted job has no history, and a new one of its name has its own.
    if (job === undefined || groupTimeMs(open.group) < Math.floor(job.createdAt)) return this.open.drop(open)
    const nowMs = clock.now()
    const since = new Date(nowMs - goneForMs).toISOString()
    const reason = `node "${nodeName}" is gone since ${since}, nobody knows whether it ran this`
    const execution = lostExecution(open, nodeName, reason, nowMs)
    if ((await history.appendLost(execution)) === 'known') this.open.drop(open)
    else this.open.close(execution)
  }
}

interface LogEnds {
  readonly fires: number
  readonly executions: number
}

function isSame(record: SnapshotRecord, stored: SnapshotRecord | undefined): boolean {
  return (
    stored !== undefined &&
    record.term === stored.term &&
    record.firesThrough === stored.firesThrough &&
    record.executionsThrough === stored.executionsThrough &&
    record.packed === stored.packed
  )
}
