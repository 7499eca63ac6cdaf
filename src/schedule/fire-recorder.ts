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

  /** Durable and dispatched when it resolves. Repeating it, here or on another node, adds nothing. */
  async fire(second: number, fires: readonly SizedFire[], recorded: RecordedFires): Promise<void> {
    const isNew = ({ fire }: SizedFire) => !recorded.has(fire.order.jobName, second)
    const dispatches: Promise<void>[] = []
    let pending = fires.filter(isNew)
    let part = recorded.nextPart(second)
    while (pending.length > 0) {
      const head = takePart(pending)
      const rest = pending.slice(head.length)
      const record = { second, part, isLast: rest.length === 0, jobs: head.map(({ fire }) => fire) }
      if ((await this.#parts.fireLog.create(record)) === 'created') {
        dispatches.push(deferFailure(this.dispatch(record)))
        pending = rest
        part += 1
        continue
      }
      await this.#dispatchExisting(second, recorded)
      pending = pending.filter(isNew)
      part = Math.max(part + 1, recorded.nextPart(second))
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

/** As many as fit one record, but at least one. */
function takePart(pending: readonly SizedFire[]): readonly SizedFire[] {
  let sizeBytes = 0
  const end = pending.findIndex((fire, index) => {
    sizeBytes += fire.sizeBytes
    return index > 0 && sizeBytes > partLimitBytes
  })
  return end === -1 ? pending : pending.slice(0, end)
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
