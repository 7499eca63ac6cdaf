/** Sends what a record of fires says on its way: orders to nodes, and the reason of what is started nowhere. */
import type { StartOrder } from '../model/execution.ts'
import type { Dispatcher, ExecutionLog, FiredJob } from './ports.ts'
import { unstarted } from './start-order.ts'

export interface DispatchParts {
  readonly dispatcher: Dispatcher
  readonly history: Pick<ExecutionLog, 'append'>
}

/**
 * One message a node, and an execution for each job that starts nowhere. Safe to repeat, here or elsewhere.
 *
 * @param recordId unique to the record
 * @param decidedAt when it was decided what becomes of these jobs, epoch ms
 */
export async function dispatchFires(
  { dispatcher, history }: DispatchParts,
  recordId: string,
  jobs: readonly FiredJob[],
  decidedAt: number,
): Promise<void> {
  const messages = [...ordersByNode(jobs)].map(([nodeName, orders]) =>
    dispatcher.dispatch(nodeName, orders, `${recordId}-${nodeName}`),
  )
  const records = jobs
    .filter(({ nodeNames }) => nodeNames.length === 0)
    .map(({ order, unplacedReason, skippedReason }) =>
      history.append(
        skippedReason === undefined
          ? unstarted(order, 'unplaced', unplacedReason ?? 'no node matched', decidedAt)
          : unstarted(order, 'skipped', skippedReason, decidedAt),
      ),
    )
  await Promise.all([...messages, ...records])
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
