/**
 * Lets orders of jobs that forbid overlap start only when it is still their turn.
 *
 * Easy to get wrong: an order comes late when its node was dead, frozen or cut off, and then a later fire of the job may
 * run elsewhere. So each is claimed right before it starts, and claimed again when that took long; but never one that the
 * runner has taken already, whose later fire came after it.
 */
import type { Clock } from '../core/clock.ts'
import { UnavailableError } from '../core/errors.ts'
import { type Execution, executionId, executionKey, type StartOrder } from '../model/execution.ts'
import type { ExecutionSink, StartTurns } from './ports.ts'
import { acceptedOrder, recordWithoutRun } from './runner/execution-record.ts'

export interface ExclusiveStartsParts {
  readonly nodeName: string
  readonly turns: StartTurns
  readonly sink: ExecutionSink
  readonly statesOf: (keys: readonly string[]) => Promise<readonly ('active' | 'ended' | 'unknown')[]>
  readonly onFinished: (execution: Execution) => void
  readonly clock: Clock
}

/** A claim that took longer may have been overtaken: the node is taken for dead after four seconds of silence. */
const freshMs = 2_000
const mostRounds = 5

export class ExclusiveStarts {
  readonly #parts: ExclusiveStartsParts

  constructor(parts: ExclusiveStartsParts) {
    this.#parts = parts
  }

  /**
   * The orders that may start, at once. Of those that may not it is recorded why.
   *
   * @throws UnavailableError when that cannot be found out now; the orders come again
   */
  async admit(orders: readonly StartOrder[]): Promise<readonly StartOrder[]> {
    const { nodeName, statesOf, clock } = this.#parts
    const states = await statesOf(orders.map((order) => executionKey(order.jobName, executionId(order, nodeName))))
    let admitted: readonly StartOrder[] = orders.filter((_order, index) => states[index] === 'unknown')
    for (let round = 1; round <= mostRounds && admitted.length > 0; round += 1) {
      const beganAtMs = clock.monotonicMs()
      admitted = await this.#claim(admitted)
      if (clock.monotonicMs() - beganAtMs <= freshMs) return admitted
    }
    if (admitted.length === 0) return []
    throw new UnavailableError('it takes too long to find out whether orders may still start')
  }

  async #claim(orders: readonly StartOrder[]): Promise<readonly StartOrder[]> {
    const { nodeName, turns } = this.#parts
    const successors = await Promise.all(
      orders.map((order) => turns.claim(order.jobName, executionId(order, nodeName))),
    )
    const refused = orders.flatMap((order, index) => {
      const successor = successors[index] ?? null
      return successor === null ? [] : [{ order, successor }]
    })
    await Promise.all(refused.map(({ order, successor }) => this.#skip(order, successor)))
    return orders.filter((_order, index) => (successors[index] ?? null) === null)
  }

  async #skip(order: StartOrder, successor: string): Promise<void> {
    const { nodeName, sink, clock, onFinished } = this.#parts
    const nowMs = clock.now()
    const reason = `not started: the order reached node "${nodeName}" after ${successor} had taken its place`
    const execution = recordWithoutRun(acceptedOrder(order, nodeName, nowMs), 'skipped', reason, nowMs)
    await sink.append(execution)
    onFinished(execution)
  }
}
