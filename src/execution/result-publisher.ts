/**
 * Carries results from the runner to the cluster, and tells the runner when they are safe there.
 *
 * Easy to get wrong: nothing here is remembered across an agent's life. What was published and not yet confirmed to
 * the runner is published again by the next agent; the history keeps one of each key.
 *
 * Bounded: a few results are in memory at a time, the others wait on the runner's disk.
 */
import { type BackoffPolicy, backoffMs } from '../core/backoff.ts'
import type { Clock } from '../core/clock.ts'
import { messageOf } from '../core/errors.ts'
import type { Log } from '../core/log.ts'
import { type Execution, executionKey } from '../model/execution.ts'
import type { ExecutionSink } from './ports.ts'
import type { RunnerLink } from './runner-link.ts'

const retry: BackoffPolicy = { firstMs: 250, maxMs: 30_000 }
/** What is under way together goes to disk together. */
const atOnce = 256
/** Output of the results that are under way; one that is larger goes alone. */
const bytesAtOnce = 4_194_304
/** Between two looks while much ends: results that come one by one would each cost a question and a flush. */
const paceMs = 25
/** Asked without being told, should an event have been lost. */
const pollMs = 5_000
const stopLimitMs = 2_000

export interface ResultPublisherOptions {
  readonly link: Pick<RunnerLink, 'call'>
  readonly sink: ExecutionSink
  readonly clock: Clock
  readonly log: Log
  /** Called once a result is known here, before it is published. */
  readonly onFinished: (execution: Execution) => void
}

export class ResultPublisher {
  readonly #options: ResultPublisherOptions
  readonly #stopping = new AbortController()
  readonly #publishing = new Map<string, Promise<void>>()
  /** Safe in the cluster, the runner does not know yet. */
  readonly #published = new Set<string>()
  #afterSequence = 0
  #publishingBytes = 0
  #wake: () => void = () => {}
  #isAwake = false
  #isFailing = false
  #running: Promise<void> = Promise.resolve()

  constructor(options: ResultPublisherOptions) {
    this.#options = options
  }

  start(): void {
    this.#running = this.#run()
  }

  /** There may be new results. */
  notify(): void {
    this.#isAwake = true
    this.#wake()
  }

  /** Perhaps it is another runner, which counts anew: ask from the start; what is under way here is known. */
  restart(): void {
    this.#afterSequence = 0
    this.notify()
  }

  /** Stops; what is being published may arrive or not, and comes again from the runner. */
  async stop(): Promise<void> {
    this.#stopping.abort(new Error('stopping'))
    this.notify()
    await this.#running
    const done = new AbortController()
    const limit = this.#options.clock.sleep(stopLimitMs, done.signal).catch(() => {})
    await Promise.race([Promise.allSettled(this.#publishing.values()), limit])
    done.abort('stopped')
    await this.#confirm().catch(() => {})
  }

  async #run(): Promise<void> {
    const { clock, log } = this.#options
    const { signal } = this.#stopping
    while (!signal.aborted) {
      try {
        const lookedAtMs = clock.monotonicMs()
        this.#isAwake = false
        await this.#confirm()
        await this.#fetch()
        await this.#untilWoken(pollMs)
        await clock.sleep(Math.max(0, lookedAtMs + paceMs - clock.monotonicMs()), signal).catch(() => {})
      } catch (error) {
        if (signal.aborted) return
        log.warn({ err: messageOf(error) }, 'results could not be taken from the runner, trying again')
        await clock.sleep(retry.firstMs, signal).catch(() => {})
      }
    }
  }

  /** Takes as many new results as there is room for. */
  async #fetch(): Promise<void> {
    const room = atOnce - this.#publishing.size
    const roomBytes = bytesAtOnce - this.#publishingBytes
    if (room <= 0 || roomBytes <= 0) return
    const request = { afterSequence: this.#afterSequence, count: room, bytes: roomBytes }
    const { results } = await this.#options.link.call('results', request)
    for (const { sequence, execution } of results) {
      this.#afterSequence = sequence
      const key = executionKey(execution.jobName, execution.id)
      if (this.#publishing.has(key) || this.#published.has(key)) continue
      this.#options.onFinished(execution)
      this.#publishing.set(key, this.#publish(key, execution))
    }
    if (results.length > 0) this.#isAwake = true
  }

  async #publish(key: string, execution: Execution): Promise<void> {
    const { sink, clock } = this.#options
    const { signal } = this.#stopping
    this.#publishingBytes += execution.output.length
    for (let attempt = 1; !signal.aborted; attempt += 1) {
      try {
        await sink.append(execution)
        this.#published.add(key)
        this.#noteDelivery()
        break
      } catch (error) {
        this.#noteFailure(error)
        await clock.sleep(backoffMs(retry, attempt, Math.random), signal).catch(() => {})
      }
    }
    this.#publishing.delete(key)
    this.#publishingBytes -= execution.output.length
    this.notify()
  }

  /** Said once, not for every result of a long outage. */
  #noteFailure(error: unknown): void {
    if (!this.#isFailing)
      this.#options.log.warn({ err: messageOf(error) }, 'results cannot be delivered, they are kept')
    this.#isFailing = true
  }

  #noteDelivery(): void {
    if (this.#isFailing) this.#options.log.info({}, 'results are delivered again')
    this.#isFailing = false
  }

  async #confirm(): Promise<void> {
    if (this.#published.size === 0) return
    const keys = [...this.#published]
    await this.#options.link.call('delivered', { keys })
    for (const key of keys) this.#published.delete(key)
  }

  async #untilWoken(limitMs: number): Promise<void> {
    if (this.#isAwake) return
    const woken = new AbortController()
    await new Promise<void>((resolve) => {
      this.#wake = resolve
      this.#options.clock.sleep(limitMs, woken.signal).then(resolve, () => {})
    })
    woken.abort('woken')
  }
}
