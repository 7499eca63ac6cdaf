/**
 * The history of executions: one subject a job, `executions.<job>`, with a limit each.
 * Implements `ExecutionLog` of schedule/ports.ts and `ExecutionSink` of execution/ports.ts.
 *
 * Easy to get wrong: the server drops a repeated message within minutes only; a node that delivers late, after the
 * cluster was unreachable, is checked against the history itself, and `list` shows each id once whatever is stored.
 */
import { DiscardPolicy, type JetStreamManager, RetentionPolicy, StorageType } from '@nats-io/jetstream'
import { nanos } from '@nats-io/nats-core'
import { NotFoundError, UnavailableError } from '../core/errors.ts'
import type { Execution } from '../model/execution.ts'
import type { Connection } from './connection.ts'
import { isVersionAtLeast } from './server-version.ts'
import { publish } from './stream-publish.ts'
import { readStream } from './stream-reader.ts'
import { ensureStream } from './stream-setup.ts'
import { encodeToken } from './subject-token.ts'

const stream = 'EXECUTIONS'
const duplicateWindowMs = 300_000
const defaultHistoryLimit = 100
const defaultMaxAgeMs = 365 * 24 * 3_600_000
const defaultMaxBytes = 4 * 1024 * 1024 * 1024
const headerRoomBytes = 2_048
const listTimeoutMs = 15_000

export interface ExecutionLogOptions {
  /** Executions kept of each job; by default 100. */
  readonly historyLimit?: number
  /** By default a year. */
  readonly maxAgeMs?: number
  /** Of all jobs together; by default 4 GiB, the oldest go first. */
  readonly maxBytes?: number
}

export async function openExecutionLog(
  connection: Connection,
  options: ExecutionLogOptions = {},
): Promise<ExecutionLog> {
  const historyLimit = options.historyLimit ?? defaultHistoryLimit
  await ensureStream(connection, {
    name: stream,
    subjects: ['executions.*'],
    storage: StorageType.File,
    retention: RetentionPolicy.Limits,
    discard: DiscardPolicy.Old,
    max_msgs_per_subject: historyLimit,
    max_age: nanos(options.maxAgeMs ?? defaultMaxAgeMs),
    max_bytes: options.maxBytes ?? defaultMaxBytes,
    duplicate_window: nanos(duplicateWindowMs),
    allow_direct: true,
  })
  return new ExecutionLog(connection, historyLimit)
}

export class ExecutionLog {
  readonly #connection: Connection
  readonly #historyLimit: number

  constructor(connection: Connection, historyLimit: number) {
    this.#connection = connection
    this.#historyLimit = historyLimit
  }

  /**
   * Many at once share the way to disk. Output that no message can hold loses its beginning.
   *
   * @throws UnavailableError when it is not known to be stored; repeating is harmless
   */
  async append(execution: Execution): Promise<void> {
    const { jobName, id } = execution
    const isLate = this.#connection.clock.now() - execution.finishedAt > duplicateWindowMs / 2
    if (isLate && (await this.list(jobName)).some((known) => known.id === id)) return
    const subject = subjectOf(jobName)
    const payload = payloadWithin(execution, this.#connection.maxPayloadBytes - headerRoomBytes)
    await publish(this.#connection, `execution ${id} of job "${jobName}" cannot be recorded`, subject, payload, {
      messageId: `${subject}/${encodeToken(id)}`,
    })
  }

  /** @throws UnavailableError when it could not be read in time */
  async list(jobName: string): Promise<readonly Execution[]> {
    const executions = isVersionAtLeast(this.#connection.serverVersion, '2.11.0')
      ? await this.#listDirectly(subjectOf(jobName))
      : await this.#listByReading(subjectOf(jobName))
    return [...new Map(executions.map((execution) => [execution.id, execution])).values()]
  }

  async purge(jobName: string): Promise<void> {
    const manager = await this.#connection.manager()
    await this.#connection.retry(`the history of job "${jobName}" cannot be deleted`, () =>
      manager.streams.purge(stream, { filter: subjectOf(jobName) }),
    )
  }

  /** An execution delivered long after its end may, rarely, be told twice. */
  async *follow(
    afterSequence: number,
    signal: AbortSignal,
  ): AsyncGenerator<{ readonly sequence: number; readonly execution: Execution }, void> {
    for await (const event of readStream(this.#connection, { stream, fromSequence: afterSequence + 1, signal }))
      if (event.kind === 'message') yield { sequence: event.message.sequence, execution: parse(event.message.payload) }
  }

  /** Without a consumer: one request for all of them, or a few when they are large (nats-server's ADR-31). */
  async #listDirectly(subject: string): Promise<Execution[]> {
    const manager = await this.#connection.manager()
    const executions: Execution[] = []
    for (let from = 1, isMore = true; isMore; ) {
      const part = await this.#connection
        .retry('the history cannot be read', () => readBatch(manager, subject, from, this.#historyLimit))
        .catch(emptyWhenNotFound)
      executions.push(...part.executions)
      from = part.lastSequence + 1
      isMore = part.isMore
    }
    return executions
  }

  async #listByReading(subject: string): Promise<Execution[]> {
    const executions: Execution[] = []
    const end = new AbortController()
    const signal = AbortSignal.any([end.signal, AbortSignal.timeout(listTimeoutMs)])
    try {
      for await (const event of readStream(this.#connection, { stream, filter: subject, fromSequence: 0, signal })) {
        if (event.kind === 'message') executions.push(parse(event.message.payload))
        if (event.kind === 'caught-up') return executions
      }
      throw new UnavailableError('the history cannot be read: NATS does not answer')
    } finally {
      end.abort()
    }
  }
}

interface Batch {
  readonly executions: readonly Execution[]
  readonly lastSequence: number
  readonly isMore: boolean
}

function emptyWhenNotFound(error: unknown): Batch {
  if (error instanceof NotFoundError) return { executions: [], lastSequence: 0, isMore: false }
  throw error
}

async function readBatch(manager: JetStreamManager, subject: string, from: number, count: number): Promise<Batch> {
  const executions: Execution[] = []
  let lastSequence = from
  let pending = 0
  const found = await manager.direct.getBatch(stream, { seq: from, next_by_subj: subject, batch: count })
  for await (const message of found) {
    executions.push(parse(message.data))
    lastSequence = message.seq
    pending = message.pending
  }
  // Servers before 2.12 count one too many: the next request finds nothing, and that ends it.
  return { executions, lastSequence, isMore: executions.length > 0 && pending > 0 }
}

function subjectOf(jobName: string): string {
  return `executions.${encodeToken(jobName)}`
}

function parse(bytes: Uint8Array): Execution {
  return JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8')) as Execution
}

function payloadWithin(execution: Execution, limitBytes: number): string {
  let fitting = execution
  let payload = JSON.stringify(fitting)
  while (Buffer.byteLength(payload) > limitBytes && fitting.output.length > 0) {
    fitting = { ...fitting, output: fitting.output.slice(Math.ceil(fitting.output.length / 4)) }
    payload = JSON.stringify(fitting)
  }
  return payload
}
