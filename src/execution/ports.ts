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

/** Who may start an execution of a job that forbids overlap. */
export interface StartTurns {
  /** @returns what has taken its place, in words, or null: it may start now @throws UnavailableError, ConflictError */
  claim(jobName: string, id: string): Promise<string | null>
}
