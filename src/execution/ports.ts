/** What running commands needs from outside. `engine` implements it on JetStream; `agent` wires it. */
import type { Execution, StartOrder } from '../model/execution.ts'

/** The node's own work queue. */
export interface OrderInbox {
  /**
   * Hands every message of orders to `accept` and acknowledges it when that resolves; a message whose `accept`
   * failed comes again. Runs until `signal` aborts; survives reconnects.
   */
  consume(accept: (orders: readonly StartOrder[]) => Promise<void>, signal: AbortSignal): Promise<void>
}

/** Where results go. */
export interface ExecutionSink {
  append(execution: Execution): Promise<void>
}
