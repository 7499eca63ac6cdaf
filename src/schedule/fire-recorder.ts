/**
 * Records what is due in a second, then dispatches it.
 *
 * Easy to get wrong: a second may be in the log already, in part or twice: written by a leader that died before it
 * dispatched, or before a job was saved that is due in it too. What is there is not recorded again; what is missing
 * becomes a further record of that second.
 */
import { executionId } from '../model/execution.ts'
import { type DispatchParts, dispatchFires } from './dispatch-fires.ts'
import type { ExecutionLog, FiredJob, FireWriter, RecordedFire } from './ports.ts'
import type { RecordedFires } from './recorded-fires.ts'

export interface SizedFire {
  readonly fire: FiredJob
  /** Bytes of it as JSON. */
  readonly sizeBytes: number
}

export interface RecorderParts extends DispatchParts {
  readonly history: Pick<ExecutionLog, 'append' | 'list'>
  /** Told of each record before it is dispatched. */
  onRecorded(sequence: number, jobs: readonly FiredJob[]): void
}

const partLimitBytes = 512 * 1024
/** Half of what a node remembers at least; see the runner's key state. */
const forgetfulAfterMs = 1_800_000

export class FireRecorder {
  readonly #parts: RecorderParts

  constructor(parts: RecorderParts) {
    this.#parts = parts
  }

  /**
   * Durable and dispatched when it resolves.
   *
   * @param fires asked for as records are filled, so that the first of many jobs need not wait for the last
   * @throws LeadershipLostError, and whatever else ends the writer
   */
  async fire(
    writer: FireWriter,
    second: number,
    fires: Iterable<SizedFire>,
    recorded: Pick<RecordedFires, 'has'>,
  ): Promise<void> {
    const source = new FireSource(fires, ({ fire }) => !recorded.has(fire.order.jobName, second))
    const dispatches: Promise<void>[] = []
    for (let jobs = source.take(); jobs.length > 0; jobs = source.take()) {
      const sequence = await writer.append({ second, jobs })
      this.#parts.onRecorded(sequence, jobs)
      dispatches.push(deferFailure(this.dispatch({ sequence, second, jobs })))
    }
    await Promise.all(dispatches)
  }

  /**
   * Dispatches what an earlier leader recorded and may not have dispatched.
   *
   * Easy to get wrong: a node forgets what it started after a while. Of an old record only what the history does not know
   * is sent; whatever has ended without being in the history is still known to its node.
   */
  async dispatchAgain(record: RecordedFire, nowMs: number): Promise<void> {
    if (nowMs - record.second * 1_000 < forgetfulAfterMs) return this.dispatch(record)
    const jobs = await Promise.all(record.jobs.map((fire) => this.#unknown(fire)))
    await this.dispatch({ ...record, jobs: jobs.filter((fire) => fire !== null) })
  }

  /** What the history does not know of a fire; null for nothing. */
  async #unknown(fire: FiredJob): Promise<FiredJob | null> {
    const known = new Set((await this.#parts.history.list(fire.order.jobName)).map(({ id }) => id))
    if (fire.nodeNames.length === 0) return known.has(executionId(fire.order, '')) ? null : fire
    const nodeNames = fire.nodeNames.filter((nodeName) => !known.has(executionId(fire.order, nodeName)))
    return nodeNames.length === 0 ? null : { ...fire, nodeNames }
  }

  /** Safe to repeat while every node remembers what it started. */
  dispatch({ sequence, second, jobs }: RecordedFire): Promise<void> {
    return dispatchFires(this.#parts, `fire-${sequence}`, jobs, second * 1_000)
  }
}

/** Hands out fires in portions that fit one record. */
class FireSource {
  readonly #iterator: Iterator<SizedFire>
  readonly #isWanted: (fire: SizedFire) => boolean
  #next: IteratorResult<SizedFire>

  constructor(fires: Iterable<SizedFire>, isWanted: (fire: SizedFire) => boolean) {
    this.#iterator = fires[Symbol.iterator]()
    this.#isWanted = isWanted
    this.#next = this.#iterator.next()
  }

  /** As many as fit, but at least one; none at the end. */
  take(): readonly FiredJob[] {
    const portion: FiredJob[] = []
    let sizeBytes = 0
    for (; this.#next.done !== true; this.#next = this.#iterator.next()) {
      if (!this.#isWanted(this.#next.value)) continue
      sizeBytes += this.#next.value.sizeBytes
      if (portion.length > 0 && sizeBytes > partLimitBytes) break
      portion.push(this.#next.value.fire)
    }
    return portion
  }
}

/** A promise that is awaited later must not count as unhandled when it fails before. */
function deferFailure(promise: Promise<void>): Promise<void> {
  promise.catch(() => {})
  return promise
}
