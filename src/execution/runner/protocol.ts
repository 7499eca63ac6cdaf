/**
 * What agent and runner say to each other over the runner's socket.
 *
 * A message is its length in four bytes, most significant first, then JSON. Requests carry a number that the answer
 * repeats; events carry none. Version 1.
 *
 * Easy to get wrong: an agent may be newer than the runner it finds. Changing a message's meaning raises the version.
 */
import type { Execution, RunningExecution, StartOrder } from '../../model/execution.ts'

export const protocolVersion = 1
/** The socket's name in the runner's folder. */
export const socketName = 'runner.sock'
export const pidFileName = 'runner.pid'
export const logFileName = 'runner.log'
/** A longer message ends the connection: it can only be a mistake. */
export const longestMessageBytes = 67_108_864

/** What the runner needs to know of the agent: the newest one counts for commands that start from then on. */
export interface Hello {
  readonly version: number
  readonly nodeName: string
  /** For commands; already without secrets. */
  readonly env: Readonly<Record<string, string>>
  /** Working directory of commands. */
  readonly workingDir: string
  readonly outputLimitBytes: number
  /** Between SIGTERM and SIGKILL. */
  readonly stopGraceMs: number
}

export interface RunnerStats {
  readonly running: number
  /** Accepted, waiting for its turn to be spawned. */
  readonly queued: number
  /** Ended, and not yet delivered. */
  readonly undelivered: number
  readonly knownKeys: number
  /** Since this runner started. */
  readonly started: number
  /** Longest wait from acceptance to spawn since this runner started. */
  readonly longestWaitMs: number
}

export interface SequencedResult {
  readonly sequence: number
  readonly execution: Execution
}

export type OutputAnswer =
  /** The bytes from `offset` on, in base64; `offset` is greater than was asked for when those before are gone. */
  | { readonly kind: 'part'; readonly offset: number; readonly data: string; readonly totalBytes: number }
  /** It is here, and has not begun or is just over. */
  | { readonly kind: 'pending' }
  /** It is not here, or its result has been delivered. */
  | { readonly kind: 'none' }

/** Every request and its answer. */
export interface RunnerMethods {
  readonly hello: { readonly params: Hello; readonly answer: { readonly version: number; readonly pid: number } }
  readonly start: { readonly params: { readonly orders: readonly StartOrder[] }; readonly answer: null }
  /** Of one job, or of all when `jobName` is null; with at most `outputBytes` of output each, where that is given. */
  readonly running: {
    readonly params: { readonly jobName: string | null; readonly outputBytes?: number }
    readonly answer: { readonly executions: readonly RunningExecution[] }
  }
  /** What an execution that runs has written from some byte on. Earlier runners refuse it. */
  readonly output: {
    readonly params: { readonly key: string; readonly fromOffset: number; readonly limitBytes: number }
    readonly answer: OutputAnswer
  }
  /** What is known of executions, in the order of their keys. */
  readonly states: {
    readonly params: { readonly keys: readonly string[] }
    readonly answer: { readonly states: readonly ('active' | 'ended' | 'unknown')[] }
  }
  readonly stop: { readonly params: { readonly key: string }; readonly answer: { readonly wasRunning: boolean } }
  readonly results: {
    readonly params: { readonly afterSequence: number; readonly count: number; readonly bytes: number }
    readonly answer: { readonly results: readonly SequencedResult[] }
  }
  readonly delivered: { readonly params: { readonly keys: readonly string[] }; readonly answer: null }
  readonly stats: { readonly params: null; readonly answer: RunnerStats }
  /** Ends the runner if nothing runs. */
  readonly shutdown: { readonly params: null; readonly answer: { readonly willEnd: boolean } }
}

export type RunnerMethod = keyof RunnerMethods

export interface Request {
  readonly id: number
  readonly method: RunnerMethod
  readonly params: unknown
  /** The agent's time, in milliseconds since the epoch: lateness and all stamps go by it. Older agents tell none. */
  readonly at?: number
}

export type Answer = { readonly id: number; readonly answer: unknown } | { readonly id: number; readonly error: string }

export type RunnerEvent =
  | { readonly event: 'started'; readonly execution: RunningExecution }
  /** There are results to ask for. */
  | { readonly event: 'results' }

export type Message = Request | Answer | RunnerEvent
