/**
 * Records what is due in a second, then dispatches it.
 *
 * Easy to get wrong: a second may be in the log already, in part or twice: written by a leader that died before it
 * dispatched, or before a job was saved that is due in it too. What is there is not recorded again; what is missing
 * becomes a further record of that second.
 */
import { type DispatchParts, dispatchFires } from './dispatch-fires.ts'
import type { FiredJob, FireWriter, RecordedFire } from './ports.ts'
import type { RecordedFires } from './recorded-fires.ts'

export interface SizedFire {
  readonly fire: FiredJob
  /** Bytes of it as JSON. */
  readonly sizeBytes: number
}

export interface RecorderParts extends DispatchParts {
  /** Told of each record before it is dispatched. */
  onRecorded(sequence: number, jobs: readonly FiredJob[]): void
}

const partLimitBytes = 512 * 1024

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

  /** Safe to repeat. */
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
