/**
 * The record of every fire, each written once: `fires.at.<second>.<part>` and `fires.run.<group>`.
 *
 * Easy to get wrong: a record is created only while its subject is empty; that the server decides, so of two nodes that
 * both believe to lead, one creates and the other hears `exists`. Implements `FireLog` of schedule/ports.ts.
 */
import {
  DiscardPolicy,
  type NextMsgRequest,
  RetentionPolicy,
  type SeqMsgRequest,
  StorageType,
} from '@nats-io/jetstream'
import { nanos } from '@nats-io/nats-core'
import { ConflictError } from '../core/errors.ts'
import type { StartOrder } from '../model/execution.ts'
import type { Connection } from './connection.ts'
import { publish } from './stream-publish.ts'
import { readStream } from './stream-reader.ts'
import { ensureStream } from './stream-setup.ts'
import { encodeToken } from './subject-token.ts'

const stream = 'FIRES'
const timedFires = 'fires.at.*.*'
const defaultMaxAgeMs = 7 * 24 * 3_600_000
const defaultMaxBytes = 512 * 1024 * 1024
/** Records of neighbouring seconds may be stored out of order when several are under way, never by as much as this. */
const disorderSeconds = 120

interface LoggedJob {
  readonly nodeNames: readonly string[]
  readonly order: StartOrder
}

interface LoggedFire {
  readonly second: number
  readonly part: number
  readonly isLast: boolean
  readonly jobs: readonly LoggedJob[]
}

export interface FireLogOptions {
  /** By default 7 days. */
  readonly maxAgeMs?: number
  /** By default 512 MiB; the oldest records go first. */
  readonly maxBytes?: number
}

export async function openFireLog(connection: Connection, options: FireLogOptions = {}): Promise<FireLog> {
  await ensureStream(connection, {
    name: stream,
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

  /** Safe to repeat: `exists` then. @throws PayloadTooLargeError, UnavailableError when it is not known to be stored */
  async create(record: LoggedFire): Promise<'created' | 'exists'> {
    try {
      await this.#createOnce(`fires.at.${record.second}.${record.part}`, `fires of second ${record.second}`, record)
      return 'created'
    } catch (error) {
      if (error instanceof ConflictError) return 'exists'
      throw error
    }
  }

  /** @throws ConflictError when a run of that group is recorded already */
  async createRun(group: string, job: LoggedJob): Promise<void> {
    await this.#createOnce(`fires.run.${encodeToken(group)}`, `run ${group} of job "${job.order.jobName}"`, job)
  }

  async *listAfter(afterSecond: number): AsyncGenerator<LoggedFire, void> {
    const end = new AbortController()
    const inOrder = new Reordered()
    const fromSequence = await this.#firstSequenceAfter(afterSecond - disorderSeconds)
    const reading = readStream(this.#connection, { stream, filter: timedFires, fromSequence, signal: end.signal })
    try {
      for await (const event of reading) {
        if (event.kind === 'caught-up') break
        if (event.kind !== 'message') continue
        const record = JSON.parse(Buffer.from(event.message.payload).toString('utf8')) as LoggedFire
        if (record.second > afterSecond) inOrder.add(record)
        yield* inOrder.takeBefore(record.second - disorderSeconds)
      }
      yield* inOrder.takeBefore(Number.POSITIVE_INFINITY)
    } finally {
      end.abort()
    }
  }

  async #createOnce(subject: string, what: string, content: unknown): Promise<void> {
    await publish(this.#connection, `${what} cannot be recorded`, subject, JSON.stringify(content), {
      expected: { stream, lastSubjectSequence: 0 },
    })
  }

  /** Halves the stream until it finds where seconds after `second` begin: 20 questions for a million records. */
  async #firstSequenceAfter(second: number): Promise<number> {
    const manager = await this.#connection.manager()
    const what = 'the record of fires cannot be read'
    const { state } = await this.#connection.retry(what, () => manager.streams.info(stream))
    let low = Math.max(1, state.first_seq)
    let high = state.last_seq + 1
    while (low < high) {
      const middle = Math.floor((low + high) / 2)
      const query: SeqMsgRequest & NextMsgRequest = { seq: middle, next_by_subj: timedFires }
      const found = await this.#connection.retry(what, () => manager.streams.getMessage(stream, query))
      if (found === null || secondOf(found.subject) > second) high = middle
      else low = found.seq + 1
    }
    return low
  }
}

function secondOf(subject: string): number {
  return Number(subject.split('.')[2])
}

/** Records by second and part, held until no earlier one can follow. */
class Reordered {
  #held: LoggedFire[] = []

  add(record: LoggedFire): void {
    this.#held.push(record)
  }

  *takeBefore(second: number): Generator<LoggedFire> {
    if (!this.#held.some((record) => record.second < second)) return
    this.#held.sort((a, b) => a.second - b.second || a.part - b.part)
    const end = this.#held.findIndex((record) => record.second >= second)
    yield* this.#held.splice(0, end === -1 ? this.#held.length : end)
  }
}
