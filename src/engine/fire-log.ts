/**
 * The record of every fire: timed ones on the subject `fires.at`, one after another, and `fires.run.<group>` and
 * `fires.retry.<key>`, once each. Implements `FireLog` of schedule/ports.ts.
 *
 * Easy to get wrong: every append to `fires.at` names the message it follows, and a leader begins with a record of its
 * term. So whatever an earlier leader still tries expects a message that is no longer the last one, and the server
 * refuses it. Answers that get lost are recognised by their message id (stream-publish.ts).
 */
import { DiscardPolicy, RetentionPolicy, StorageType } from '@nats-io/jetstream'
import { nanos } from '@nats-io/nats-core'
import { ConflictError, LeadershipLostError } from '../core/errors.ts'
import type { StartOrder } from '../model/execution.ts'
import type { Connection } from './connection.ts'
import { findSecond, fireStream, lastTimedFire, secondHeader, termHeader, timedFires } from './fire-record.ts'
import { type FireWriter, leadFires } from './fire-writer.ts'
import type { PulledMessage } from './pull-session.ts'
import { publish } from './stream-publish.ts'
import { readStream } from './stream-reader.ts'
import { ensureStream } from './stream-setup.ts'
import { encodeToken } from './subject-token.ts'

const defaultMaxAgeMs = 7 * 24 * 3_600_000
const defaultMaxBytes = 512 * 1024 * 1024
/** A job that was saved late, or a clock that was set back a little, makes records of seconds that others follow. */
const disorderSeconds = 120

interface LoggedJob {
  readonly nodeNames: readonly string[]
  readonly order: StartOrder
}

interface RecordedJob {
  readonly sequence: number
  readonly job: LoggedJob
}

interface LoggedFire {
  readonly sequence: number
  readonly second: number
  readonly jobs: readonly LoggedJob[]
}

type LoggedEvent =
  | { readonly kind: 'fired'; readonly sequence: number; readonly jobs: readonly LoggedJob[] }
  | { readonly kind: 'caught-up' }

export interface FireLogOptions {
  /** By default 7 days. */
  readonly maxAgeMs?: number
  /** By default 512 MiB; the oldest records go first. */
  readonly maxBytes?: number
}

export async function openFireLog(connection: Connection, options: FireLogOptions = {}): Promise<FireLog> {
  await ensureStream(connection, {
    name: fireStream,
    subjects: ['fires.>'],
    storage: StorageType.File,
    retention: RetentionPolicy.Limits,
    discard: DiscardPolicy.Old,
    max_age: nanos(options.maxAgeMs ?? defaultMaxAgeMs),
    max_bytes: options.maxBytes ?? defaultMaxBytes,
  })
  return new FireLog(connection)
}

export class FireLog {
  readonly #connection: Connection

  constructor(connection: Connection) {
    this.#connection = connection
  }

  /**
   * Begins a reign, or begins it again: no writer made before can append any more.
   *
   * @throws LeadershipLostError when a higher term has written, UnavailableError
   */
  lead(term: number): Promise<FireWriter> {
    return leadFires(this.#connection, term)
  }

  /** @throws LeadershipLostError when a higher term has written by now, UnavailableError */
  async confirm(term: number): Promise<void> {
    const found = termHeader((await lastTimedFire(this.#connection))?.header)
    if (found > term) throw new LeadershipLostError(term, found)
  }

  /** Every timed fire of a second after `afterSecond`, by second. */
  async *listAfter(afterSecond: number): AsyncGenerator<LoggedFire, void> {
    const inOrder = new Reordered()
    const fromSequence = await findSecond(this.#connection, afterSecond - disorderSeconds)
    for await (const message of this.#readToEnd(fromSequence)) {
      const second = secondHeader(message.headers)
      const jobs = jobsOf(message)
      if (jobs.length > 0 && second > afterSecond) inOrder.add({ sequence: message.sequence, second, jobs })
      yield* inOrder.takeBefore(second - disorderSeconds)
    }
    yield* inOrder.takeBefore(Number.POSITIVE_INFINITY)
  }

  /**
   * Records a run that somebody asked for, unless that group has one.
   *
   * @returns the run that stands, ours or the one that was there
   */
  createRun(group: string, job: LoggedJob): Promise<RecordedJob> {
    const what = `run ${group} of job "${job.order.jobName}" cannot be recorded`
    return this.#createOnce(`fires.run.${encodeToken(group)}`, what, job)
  }

  /**
   * Records a retry of the execution that `key` names, unless that has one.
   *
   * @returns the retry that stands, ours or the one that was there
   */
  createRetry(key: string, job: LoggedJob): Promise<RecordedJob> {
    return this.#createOnce(`fires.retry.${encodeToken(key)}`, `the retry of execution ${key} cannot be recorded`, job)
  }

  /** Of all kinds; 0 when nothing was ever recorded. */
  async lastSequence(): Promise<number> {
    const manager = await this.#connection.manager()
    const what = 'the record of fires cannot be read'
    return (await this.#connection.retry(what, () => manager.streams.info(fireStream))).state.last_seq
  }

  /** Fires of all kinds recorded after `afterSequence`, `caught-up` once, then live, until `signal` aborts. */
  async *follow(afterSequence: number, signal: AbortSignal): AsyncGenerator<LoggedEvent, void> {
    const options = { stream: fireStream, fromSequence: afterSequence + 1, signal }
    for await (const event of readStream(this.#connection, options)) {
      if (event.kind === 'caught-up') yield event
      if (event.kind === 'message')
        yield { kind: 'fired', sequence: event.message.sequence, jobs: jobsOf(event.message) }
    }
  }

  async *#readToEnd(fromSequence: number): AsyncGenerator<PulledMessage, void> {
    const end = new AbortController()
    const options = { stream: fireStream, filter: timedFires, fromSequence, signal: end.signal }
    try {
      for await (const event of readStream(this.#connection, options)) {
        if (event.kind === 'caught-up') return
        if (event.kind === 'message') yield event.message
      }
    } finally {
      end.abort()
    }
  }

  async #createOnce(subject: string, what: string, job: LoggedJob): Promise<RecordedJob> {
    const expected = { stream: fireStream, lastSubjectSequence: 0 }
    try {
      return { sequence: await publish(this.#connection, what, subject, JSON.stringify(job), { expected }), job }
    } catch (error) {
      if (!(error instanceof ConflictError)) throw error
      const manager = await this.#connection.manager()
      const query = { last_by_subj: subject }
      const stored = await this.#connection.retry(what, () => manager.streams.getMessage(fireStream, query))
      if (stored === null) throw error
      return { sequence: stored.seq, job: JSON.parse(Buffer.from(stored.data).toString('utf8')) as LoggedJob }
    }
  }
}

/** None in a record of a term. */
function jobsOf({ payload }: PulledMessage): readonly LoggedJob[] {
  const content = JSON.parse(Buffer.from(payload).toString('utf8')) as
    | LoggedJob
    | { readonly jobs?: readonly LoggedJob[] }
  if ('order' in content) return [content]
  return content.jobs ?? []
}

/** Records by second, held until no earlier one can follow. */
class Reordered {
  #held: LoggedFire[] = []

  add(record: LoggedFire): void {
    this.#held.push(record)
  }

  *takeBefore(second: number): Generator<LoggedFire> {
    if (!this.#held.some((record) => record.second < second)) return
    this.#held.sort((a, b) => a.second - b.second || a.sequence - b.sequence)
    const end = this.#held.findIndex((record) => record.second >= second)
    yield* this.#held.splice(0, end === -1 ? this.#held.length : end)
  }
}
