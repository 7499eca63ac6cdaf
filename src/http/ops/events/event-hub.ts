/**
 * Tells every reader what happens in the cluster, four times a second at most.
 *
 * Easy to get wrong: without readers this does nothing, so whoever feeds it may look at `hasReaders` before it takes any
 * trouble.
 */
import type { Readable } from 'node:stream'
import type { Clock } from '../../../core/clock.ts'
import { UnavailableError } from '../../../core/errors.ts'
import { EventBatch, type ExecutionItem, eventText } from './event-batch.ts'
import { EventReader } from './event-reader.ts'

const tellEveryMs = 250
const beatEveryMs = 15_000
const mostReaders = 500

export interface EventHubParts {
  readonly nodeName: string
  readonly version: string
  readonly clock: Clock
}

export class EventHub {
  readonly #parts: EventHubParts
  readonly #readers = new Set<EventReader>()
  #batch = new EventBatch()
  #timer: NodeJS.Timeout | null = null
  #beatAtMs = 0
  #isClosed = false

  constructor(parts: EventHubParts) {
    this.#parts = parts
  }

  get hasReaders(): boolean {
    return this.#readers.size > 0
  }

  /** @returns a stream of server-sent events; destroy it to end it @throws UnavailableError when there are too many */
  open(): Readable {
    const { nodeName, version, clock } = this.#parts
    if (this.#isClosed) throw new UnavailableError('this node is shutting down, ask another one')
    if (this.#readers.size >= mostReaders)
      throw new UnavailableError(`${mostReaders} readers follow the events of this node already, ask another one`)
    const hello = { node_name: nodeName, version, at: new Date(clock.now()).toISOString() }
    const reader = new EventReader(eventText('hello', hello), clock.monotonicMs())
    this.#readers.add(reader)
    reader.once('close', () => this.#remove(reader))
    this.#timer ??= this.#startTelling()
    return reader
  }

  /** Members, the leader, or the state of NATS changed. */
  noteCluster(): void {
    if (this.hasReaders) this.#batch.noteCluster()
  }

  /** A scheduled job was saved or deleted, or its counters or what runs of it changed. */
  noteJob(name: string): void {
    if (this.hasReaders) this.#batch.noteJob(name)
  }

  noteManyJobs(): void {
    if (this.hasReaders) this.#batch.noteManyJobs()
  }

  /** A replication job was saved or deleted, or how it stands changed. */
  noteReplication(jobId: string): void {
    if (this.hasReaders) this.#batch.noteReplication(jobId)
  }

  noteExecution(item: ExecutionItem): void {
    if (this.hasReaders) this.#batch.noteExecution(item)
  }

  /** Ends every reader's stream. */
  close(): void {
    this.#isClosed = true
    for (const reader of this.#readers) reader.end()
    this.#stopTelling()
  }

  #startTelling(): NodeJS.Timeout {
    this.#beatAtMs = this.#parts.clock.monotonicMs() + beatEveryMs
    return setInterval(() => this.#tell(), tellEveryMs).unref()
  }

  #stopTelling(): void {
    if (this.#timer !== null) clearInterval(this.#timer)
    this.#timer = null
  }

  #remove(reader: EventReader): void {
    this.#readers.delete(reader)
    if (this.hasReaders) return
    this.#stopTelling()
    this.#batch = new EventBatch()
  }

  #tell(): void {
    const nowMs = this.#parts.clock.monotonicMs()
    const batch = this.#batch
    this.#batch = new EventBatch()
    const text = batch.text()
    for (const reader of this.#readers) reader.tell(batch, text, nowMs)
    if (nowMs < this.#beatAtMs) return
    this.#beatAtMs = nowMs + beatEveryMs
    for (const reader of this.#readers) reader.beat()
  }
}
