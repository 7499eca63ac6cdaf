/**
 * Reads what ended in the hour before this agent started, then follows what ends.
 *
 * Easy to get wrong: an execution must be counted once. What was recorded up to some place of the log when this began is
 * read back from there; only what comes after that place counts when it is told.
 */
import type { Clock } from '../../../core/clock.ts'
import { messageOf } from '../../../core/errors.ts'
import type { Log } from '../../../core/log.ts'
import type { Execution } from '../../../model/execution.ts'
import type { ExecutionTail } from './execution-tail.ts'

const readBackMs = 3_600_000
/** Of an hour of a busy cluster, so many are read, the newest. */
const mostExecutions = 20_000
const retryMs = 2_000

export interface PastSource {
  lastSequence(): Promise<number>
  /** What was recorded since then and up to a sequence, oldest first; of very much the newest alone. */
  openSince(
    sinceMs: number,
    throughSequence: number,
    most: number,
    signal: AbortSignal,
  ): Promise<{ readonly isWhole: boolean; readonly executions: AsyncIterable<Execution> }>
  /** @returns ends it */
  follow(listener: (execution: Execution, sequence: number) => void): () => void
}

export interface PastParts {
  readonly source: PastSource
  readonly tail: ExecutionTail
  readonly clock: Clock
  readonly log: Log
}

export class Past {
  readonly #parts: PastParts
  #knownFromMs: number

  constructor(parts: PastParts) {
    this.#parts = parts
    this.#knownFromMs = parts.clock.now()
  }

  /** What was due before this instant is not counted, or only in part. */
  get knownFromMs(): number {
    return this.#knownFromMs
  }

  /** Follows until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { source, tail } = this.#parts
    let held: { readonly execution: Execution; readonly sequence: number }[] | null = []
    let through = Number.POSITIVE_INFINITY
    const take = (execution: Execution, sequence: number) => {
      if (sequence <= through) return
      // From here on every one counts, whatever becomes of the log.
      through = 0
      tail.note(execution)
    }
    const end = source.follow((execution, sequence) => {
      if (held === null) take(execution, sequence)
      else held.push({ execution, sequence })
    })
    signal.addEventListener('abort', end, { once: true })
    const last = await this.#untilRead(() => source.lastSequence(), signal)
    if (last === null) return
    through = last
    for (const { execution, sequence } of held) take(execution, sequence)
    held = null
    await this.#untilRead(() => this.#readBack(last, signal), signal)
  }

  async #readBack(throughSequence: number, signal: AbortSignal): Promise<void> {
    const { source, tail, clock } = this.#parts
    const sinceMs = clock.now() - readBackMs
    const { isWhole, executions } = await source.openSince(sinceMs, throughSequence, mostExecutions, signal)
    const known: Execution[] = []
    for await (const execution of executions) known.push({ ...execution, output: '' })
    signal.throwIfAborted()
    // Only now, so that a read that broke and began anew counts nothing twice.
    for (const execution of known) tail.note(execution)
    this.#knownFromMs = isWhole ? sinceMs : (known[0]?.finishedAt ?? this.#knownFromMs)
  }

  async #untilRead<Value>(read: () => Promise<Value>, signal: AbortSignal): Promise<Value | null> {
    const { clock, log } = this.#parts
    while (!signal.aborted) {
      try {
        return await read()
      } catch (error) {
        if (signal.aborted) break
        log.debug({ error: messageOf(error) }, 'what ended before cannot be read yet')
        await clock.sleep(retryMs, signal).catch(() => {})
      }
    }
    return null
  }
}
