/** What nodes ask each other about their NATS servers: `node.<name>.nats-server`. */
import type { ServerSeat, Topology } from '../../cluster/topology/topology.ts'
import { nodeSubject, request, serve } from '../../engine/calls.ts'
import type { Connection } from '../../engine/connection.ts'
import type { Candidate } from './cluster-record.ts'

const verb = 'nats-server'
/** Starting a server takes its time on a busy machine. */
const prepareWithinMs = 30_000
const answerWithinMs = 5_000
const hearWithinMs = 2_000

/** How an attempt stands, as the node knows that makes it. */
export type AttemptOutcome = 'running' | 'committed' | 'void'

export type FormingRequest =
  /** Which seat this node would take in the attempt; changes nothing. */
  | { readonly kind: 'offer'; readonly attempt: string }
  /** Start a candidate server; answered once it runs. */
  | { readonly kind: 'prepare'; readonly candidate: Candidate }
  /** The attempt is void. */
  | { readonly kind: 'abort'; readonly attempt: string }
  | { readonly kind: 'outcome'; readonly attempt: string }
  /** Which nodes run the servers now; answered with the generation that this node follows. */
  | { readonly kind: 'topology'; readonly topology: Topology }

export interface FormingAnswers {
  offer(attempt: string): Promise<ServerSeat>
  prepare(candidate: Candidate): Promise<void>
  abort(attempt: string): Promise<void>
  outcome(attempt: string): AttemptOutcome
  /** Begins to follow it. @returns the generation that this node follows now */
  hear(topology: Topology): number
}

/** Answers the other nodes until `signal` aborts. */
export function answerForming(
  connection: Connection,
  nodeName: string,
  answers: FormingAnswers,
  signal: AbortSignal,
): void {
  serve(
    connection,
    nodeSubject(nodeName, verb),
    async (payload) => {
      const asked = payload as FormingRequest
      if (asked.kind === 'offer') return answers.offer(asked.attempt)
      if (asked.kind === 'prepare') return answers.prepare(asked.candidate)
      if (asked.kind === 'abort') return answers.abort(asked.attempt)
      if (asked.kind === 'topology') return answers.hear(asked.topology)
      return answers.outcome(asked.attempt)
    },
    signal,
  )
}

/** Asks other nodes; each call throws UnavailableError when the node does not answer in time. */
export class FormingPeers {
  readonly #connection: Connection

  constructor(connection: Connection) {
    this.#connection = connection
  }

  async offer(nodeName: string, attempt: string): Promise<ServerSeat> {
    return (await this.#ask(nodeName, { kind: 'offer', attempt }, answerWithinMs)) as ServerSeat
  }

  async prepare(nodeName: string, candidate: Candidate): Promise<void> {
    await this.#ask(nodeName, { kind: 'prepare', candidate }, prepareWithinMs)
  }

  async abort(nodeName: string, attempt: string): Promise<void> {
    await this.#ask(nodeName, { kind: 'abort', attempt }, answerWithinMs)
  }

  async outcome(nodeName: string, attempt: string): Promise<AttemptOutcome> {
    return (await this.#ask(nodeName, { kind: 'outcome', attempt }, answerWithinMs)) as AttemptOutcome
  }

  /** @returns whether the node follows this topology, or a newer one; never throws */
  async tell(nodeName: string, topology: Topology): Promise<boolean> {
    try {
      const generation = await this.#ask(nodeName, { kind: 'topology', topology }, hearWithinMs)
      return typeof generation === 'number' && generation >= topology.generation
    } catch {
      return false
    }
  }

  #ask(nodeName: string, asked: FormingRequest, withinMs: number): Promise<unknown> {
    return request(this.#connection, nodeSubject(nodeName, verb), asked, withinMs)
  }
}
