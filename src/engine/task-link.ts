/** Requests between the two tasks of one replication job, and from the agent to a task. See replication/ports.ts. */
import { request, serve } from './calls.ts'
import type { Connection } from './connection.ts'
import { encodeToken } from './subject-token.ts'

/** Implements `TaskLink`; any verb is a subject of its own. */
export class TaskLink {
  readonly #connection: Connection
  readonly #prefix: string

  constructor(connection: Connection, jobId: string) {
    this.#connection = connection
    this.#prefix = `repl.${encodeToken(jobId)}.`
  }

  /** @throws UnavailableError when nobody answers within `timeoutMs`; RemoteCallError with what the other side threw */
  request(subject: string, payload: unknown, timeoutMs: number): Promise<unknown> {
    return request(this.#connection, this.#prefix + encodeToken(subject), payload, timeoutMs)
  }

  serve(subject: string, answer: (payload: unknown) => Promise<unknown>, signal: AbortSignal): void {
    serve(this.#connection, this.#prefix + encodeToken(subject), answer, signal)
  }
}
