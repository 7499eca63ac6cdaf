/**
 * The history of executions: one subject a job, `executions.<job>`, with a limit each.
 * Implements `ExecutionLog` of schedule/ports.ts and `ExecutionSink` of execution/ports.ts.
 *
 * Easy to get wrong: the server drops a repeated message within minutes only; a node that delivers late, after the
 * cluster was unreachable, is checked against the history itself, and `list` shows each id once whatever is stored. An
 * execution may be recorded as lost first and with its true end later: then that one counts.
 */
import { DiscardPolicy, type JetStreamManager, RetentionPolicy, StorageType } from '@nats-io/jetstream'
import { nanos } from '@nats-io/nats-core'
import { backoffMs } from '../core/backoff.ts'
import type { Clock } from '../core/clock.ts'
import { ConflictError, NotFoundError, UnavailableError } from '../core/errors.ts'
import type { Execution } from '../model/execution.ts'
import { type BatchedMessage, BatchedPublish, canBatch } from './batched-publish.ts'
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
const readSinceBytes = 4 * 1024 * 1024
const readSinceBatch = 500
const headerRoomBytes = 2_048
const listTimeoutMs = 15_000
/** Executions of one job that end on several nodes at the same moment get into each other's way. */
const mostTries = 30
const conflictBackoff = { firstMs: 5, maxMs: 250 }

export interface ExecutionLogOptions {
  /** Executions kept of each job; by default 100. */
  readonly historyLimit?: number
  /** By default a year. */
  readonly maxAgeMs?: number
  /** Of all jobs together; by default 4 GiB, the oldest go first. */
  readonly maxBytes?: number
  /** The time that executions are stamped with; by default the connection's. */
  readonly clock?: Pick<Clock, 'now'>
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
    ...(canBatch(connection) ? { allow_atomic: true } : {}),
  })
  return new ExecutionLog(connection, historyLimit, options.clock ?? connection.clock)
}

export class ExecutionLog {
  readonly #connection: Connection
  readonly #historyLimit: number
  readonly #clock: Pick<Clock, 'now'>
  readonly #turns = new Map<string, Promise<void>>()
  readonly #batches: BatchedPublish

  constructor(connection: Connection, historyLimit: number, clock: Pick<Clock, 'now'>) {
    this.#connection = connection
    this.#clock = clock
    this.#historyLimit = historyLimit
    this.#batches = new BatchedPublish(connection)
  }

  /**
   * Many at once share the way to disk. Output that no message can hold loses its beginning.
   *
   * @throws UnavailableError when it is not known to be stored; repeating is harmless
   */
  async append(execution: Execution): Promise<void> {
    const { jobName, id } = execution
    const messageId = `${subjectOf(jobName)}/${encodeToken(id)}`
    const isLate = this.#clock.now() - execution.finishedAt > duplicateWindowMs / 2
    if (!isLate) await this.#batches.publish(this.#messageOf(execution, messageId))
    else await this.#publishUnless(execution, messageId, (known) => known.outcome !== 'lost')
  }

  /**
   * Records that an execution is lost, unless anything is recorded of it.
   *
   * @throws UnavailableError when it is not known to be stored; repeating is harmless
   */
  appendLost(execution: Execution): Promise<'recorded' | 'known'> {
    const messageId = `${subjectOf(execution.jobName)}/${encodeToken(execution.id)}/lost`
    return this.#publishUnless(execution, messageId, () => true)
  }

  async lastSequence(): Promise<number> {
    const manager = await this.#connection.manager()
    const what = 'the history cannot be read'
    return (await this.#connection.retry(what, () => manager.streams.info(stream))).state.last_seq
  }

  /** @throws UnavailableError when it could not be read in time */
  async list(jobName: string): Promise<readonly Execution[]> {
    return onceEach((await this.#read(jobName)).executions)
  }

  /** The execution of a job that was recorded last, as the log's leader has it; null when there is none. */
  async newest(jobName: string): Promise<Execution | null> {
    const manager = await this.#connection.manager()
    const query = { last_by_subj: subjectOf(jobName) }
    const found = await this.#connection
      .retry('the history cannot be read', () => manager.streams.getMessage(stream, query))
      .catch(nullWhenNotFound)
    return found === null ? null : parse(found.data)
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

  /**
   * What was recorded since `sinceMs` (epoch ms) and up to a sequence, oldest first, of all jobs; of very much only the
   * newest, some `most`.
   *
   * @returns `isWhole` false when some were left out
   * @throws UnavailableError, here and while reading
   */
  async openSince(
    sinceMs: number,
    throughSequence: number,
    most: number,
    signal: AbortSignal,
  ): Promise<{ readonly isWhole: boolean; readonly executions: AsyncIterable<Execution> }> {
    const since = await this.#firstSince(sinceMs, throughSequence)
    const fromSequence = Math.max(since, throughSequence - most + 1)
    return { isWhole: fromSequence === since, executions: this.#between(fromSequence, throughSequence, signal) }
  }

  async *#between(fromSequence: number, throughSequence: number, signal: AbortSignal): AsyncGenerator<Execution, void> {
    if (fromSequence > throughSequence) return
    const options = { stream, fromSequence, signal, prefetchBytes: readSinceBytes, batch: readSinceBatch }
    for await (const event of readStream(this.#connection, options)) {
      if (event.kind === 'caught-up') return
      if (event.kind !== 'message') continue
      if (event.message.sequence > throughSequence) return
      yield parse(event.message.payload)
      if (event.message.sequence === throughSequence) return
    }
  }

  /** The least sequence from which on everything was recorded at or after `sinceMs`. */
  async #firstSince(sinceMs: number, throughSequence: number): Promise<number> {
    const manager = await this.#connection.manager()
    const what = 'the history cannot be read'
    const info = await this.#connection.retry(what, () => manager.streams.info(stream))
    let [low, high] = [info.state.first_seq, throughSequence + 1]
    while (low < high) {
      const middle = Math.floor((low + high) / 2)
      const query = { seq: middle, next_by_subj: '>' }
      const found = await this.#connection
        .retry(what, () => manager.streams.getMessage(stream, query))
        .catch(nullWhenNotFound)
      if (found === null || found.time.getTime() >= sinceMs) high = middle
      else low = found.seq + 1
    }
    return low
  }

  #messageOf(execution: Execution, messageId: string): BatchedMessage {
    const { jobName, id } = execution
    const payload = payloadWithin(execution, this.#connection.maxPayloadBytes - headerRoomBytes)
    const what = `execution ${id} of job "${jobName}" cannot be recorded`
    return { what, subject: subjectOf(jobName), payload, messageId }
  }

  /** Those of one job go one after another, for they would only get into each other's way. */
  #publishUnless(
    execution: Execution,
    messageId: string,
    isEnough: (known: Execution) => boolean,
  ): Promise<'recorded' | 'known'> {
    const { jobName } = execution
    const before = this.#turns.get(jobName) ?? Promise.resolve()
    const mine = before.then(() => this.#publishNext(execution, messageId, isEnough))
    const settled = mine.then(
      () => {},
      () => {},
    )
    this.#turns.set(jobName, settled)
    void settled.then(() => {
      if (this.#turns.get(jobName) === settled) this.#turns.delete(jobName)
    })
    return mine
  }

  /** What is read may be behind what is stored: so the write names the last record that was read. */
  async #publishNext(
    execution: Execution,
    messageId: string,
    isEnough: (known: Execution) => boolean,
  ): Promise<'recorded' | 'known'> {
    for (let attempt = 1; ; attempt += 1) {
      const { executions, lastSequence } = await this.#read(execution.jobName)
      if (executions.some((known) => known.id === execution.id && isEnough(known))) return 'known'
      try {
        const { what, subject, payload } = this.#messageOf(execution, messageId)
        const expected = { stream, lastSubjectSequence: lastSequence }
        await publish(this.#connection, what, subject, payload, { messageId, expected })
        return 'recorded'
      } catch (error) {
        if (!(error instanceof ConflictError) || attempt === mostTries) throw error
        await this.#connection.clock.sleep(backoffMs(conflictBackoff, attempt, Math.random))
      }
    }
  }

  #read(jobName: string): Promise<Found> {
    const subject = subjectOf(jobName)
    const canReadDirectly = isVersionAtLeast(this.#connection.serverVersion, '2.11.0')
    return canReadDirectly ? this.#readDirectly(subject) : this.#readStream(subject)
  }

  /** Without a consumer: one request for all of them, or a few when they are large (nats-server's ADR-31). */
  async #readDirectly(subject: string): Promise<Found> {
    const manager = await this.#connection.manager()
    const executions: Execution[] = []
    let lastSequence = 0
    for (let isMore = true; isMore; ) {
      const part = await this.#connection
        .retry('the history cannot be read', () => readBatch(manager, subject, lastSequence + 1, this.#historyLimit))
        .catch(emptyWhenNotFound)
      executions.push(...part.executions)
      lastSequence = Math.max(lastSequence, part.lastSequence)
      isMore = part.isMore
    }
    return { executions, lastSequence }
  }

  async #readStream(subject: string): Promise<Found> {
    const executions: Execution[] = []
    let lastSequence = 0
    const end = new AbortController()
    const signal = AbortSignal.any([end.signal, AbortSignal.timeout(listTimeoutMs)])
    try {
      for await (const event of readStream(this.#connection, { stream, filter: subject, fromSequence: 0, signal })) {
        if (event.kind === 'caught-up') return { executions, lastSequence }
        if (event.kind !== 'message') continue
        executions.push(parse(event.message.payload))
        lastSequence = event.message.sequence
      }
      throw new UnavailableError('the history cannot be read: NATS does not answer')
    } finally {
      end.abort()
    }
  }
}

interface Found {
  readonly executions: readonly Execution[]
  /** Of the last of them; 0 when there is none. */
  readonly lastSequence: number
}

interface Batch {
  readonly executions: readonly Execution[]
  readonly lastSequence: number
  readonly isMore: boolean
}

function nullWhenNotFound(error: unknown): null {
  if (error instanceof NotFoundError) return null
  throw error
}

function emptyWhenNotFound(error: unknown): Batch {
  if (error instanceof NotFoundError) return { executions: [], lastSequence: 0, isMore: false }
  throw error
}

async function readBatch(manager: JetStreamManager, subject: string, from: number, count: number): Promise<Batch> {
  const executions: Execution[] = []
  let lastSequence = 0
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

/** Each id at its first place, with its last record, though never lost when it is known how it ended. */
function onceEach(executions: readonly Execution[]): readonly Execution[] {
  const byId = new Map<string, Execution>()
  for (const execution of executions)
    if (execution.outcome !== 'lost' || !byId.has(execution.id)) byId.set(execution.id, execution)
  return [...byId.values()]
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
