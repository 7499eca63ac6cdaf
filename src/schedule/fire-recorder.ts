/**
 * Records what is due in a second, then dispatches it.
 *
 * Easy to get wrong: `exists` does not mean that the work is done. It may be our own write whose answer was lost, the
 * part of a leader that died before it dispatched, or a second to which a job was added late. In every case what is
 * there is dispatched (nodes start each fire once only), and what is missing goes into further parts.
 */
import type { Clock } from '../core/clock.ts'
import type { StartOrder } from '../model/execution.ts'
import type { Dispatcher, ExecutionLog, FiredJob, FireLog, FireRecord } from './ports.ts'
import type { RecordedFires } from './recorded-fires.ts'
import { unstarted } from './start-order.ts'

export interface SizedFire {
  readonly fire: FiredJob
  /** Bytes of it as JSON. */
  readonly sizeBytes: number
}

export interface RecorderParts {
  readonly fireLog: FireLog
  readonly dispatcher: Dispatcher
  readonly history: Pick<ExecutionLog, 'append'>
  readonly clock: Clock
}

const partLimitBytes = 512 * 1024

export class FireRecorder {
  readonly #parts: RecorderParts

  constructor(parts: RecorderParts) {
    this.#parts = parts
  }

  /**
   * Durable and dispatched when it resolves. Repeating it, here or on another node, adds nothing.
   *
   * @param fires asked for as parts are filled, so that the first of many jobs need not wait for the last
   */
  async fire(second: number, fires: Iterable<SizedFire>, recorded: RecordedFires): Promise<void> {
    const isNew = ({ fire }: SizedFire) => !recorded.has(fire.order.jobName, second)
    const source = new FireSource(fires)
    const dispatches: Promise<void>[] = []
    let pending = source.fill([], isNew)
    let part = recorded.nextPart(second)
    while (pending.length > 0) {
      const record = { second, part, isLast: source.isAtEnd, jobs: pending.map(({ fire }) => fire) }
      if ((await this.#parts.fireLog.create(record)) === 'created') {
        dispatches.push(deferFailure(this.dispatch(record)))
        pending = source.fill([], isNew)
        part += 1
      } else {
        await this.#dispatchExisting(second, recorded)
        pending = source.fill(pending.filter(isNew), isNew)
        part = Math.max(part + 1, recorded.nextPart(second))
      }
    }
    await Promise.all(dispatches)
  }

  /** One message a node, and an execution for each job that no node matched. Safe to repeat. */
  async dispatch(record: FireRecord): Promise<void> {
    const { dispatcher, history, clock } = this.#parts
    const dedupeId = `fire-${record.second}-${record.part}`
    const messages = [...ordersByNode(record.jobs)].map(([nodeName, orders]) =>
      dispatcher.dispatch(nodeName, orders, `${dedupeId}-${nodeName}`),
    )
    const unplaced = record.jobs.filter(({ nodeNames }) => nodeNames.length === 0)
    const records = unplaced.map(({ order, unplacedReason }) =>
      history.append(unstarted(order, 'unplaced', unplacedReason ?? 'no node matched', clock.now())),
    )
    await Promise.all([...messages, ...records])
  }

  async #dispatchExisting(second: number, recorded: RecordedFires): Promise<void> {
    for await (const record of this.#parts.fireLog.listAfter(second - 1)) {
      if (record.second > second) return
      recorded.note(record)
      await this.dispatch(record)
    }
  }
}

/** Hands out fires in portions that fit one record. */
class FireSource {
  readonly #iterator: Iterator<SizedFire>
  #next: IteratorResult<SizedFire>

  constructor(fires: Iterable<SizedFire>) {
    this.#iterator = fires[Symbol.iterator]()
    this.#next = this.#iterator.next()
  }

  get isAtEnd(): boolean {
    return this.#next.done === true
  }

  /** Adds to `portion` what still fits, but at least one, of those that `isWanted`. */
  fill(portion: readonly SizedFire[], isWanted: (fire: SizedFire) => boolean): readonly SizedFire[] {
    const filled = [...portion]
    let sizeBytes = filled.reduce((sum, fire) => sum + fire.sizeBytes, 0)
    for (; this.#next.done !== true; this.#next = this.#iterator.next()) {
      if (!isWanted(this.#next.value)) continue
      sizeBytes += this.#next.value.sizeBytes
      if (filled.length > 0 && sizeBytes > partLimitBytes) break
      filled.push(this.#next.value)
    }
    return filled
  }
}

function ordersByNode(jobs: readonly FiredJob[]): Map<string, StartOrder[]> {
  const byNode = new Map<string, StartOrder[]>()
  for (const { nodeNames, order } of jobs)
    for (const nodeName of nodeNames) {
      const orders = byNode.get(nodeName)
      if (orders === undefined) byNode.set(nodeName, [order])
      else orders.push(order)
    }
  return byNode
}

/** A promise that is awaited later must not count as unhandled when it fails before. */
function deferFailure(promise: Promise<void>): Promise<void> {
  promise.catch(() => {})
  return promise
}
