/**
 * Commands waiting for their turn to be spawned, started in the order they were accepted.
 *
 * Easy to get wrong: several are under way at once, so that the spawner never waits for an answer to be read; but few, for
 * they are what a kill leaves in doubt. One that the machine was too short for may be passed by those. The queue is as
 * long as what was accepted: it holds orders the journal holds anyway.
 */
import type { Clock } from '../../core/clock.ts'
import { messageOf } from '../../core/errors.ts'
import type { Log } from '../../core/log.ts'
import type { AcceptedOrder } from './key-state.ts'

/** Launched under one note in the journal. Two slices are under way at a time. */
const sliceLength = 8
const retryPrepareMs = 1_000
const retryShortageMs = 250

export interface StartQueueOptions {
  /** Notes in the journal that these may be spawned from now on. @throws while that is not possible */
  readonly prepare: (orders: readonly AcceptedOrder[]) => Promise<void>
  /** Has one spawned, after those of earlier calls. @returns 'later' when the machine is short of something: try again */
  readonly launch: (order: AcceptedOrder) => Promise<'done' | 'later'>
  readonly clock: Clock
  readonly log: Log
}

export class StartQueue {
  readonly #options: StartQueueOptions
  #orders: AcceptedOrder[] = []
  #isOpen = false
  #isRunning = false

  constructor(options: StartQueueOptions) {
    this.#options = options
  }

  push(orders: readonly AcceptedOrder[]): void {
    for (const order of orders) this.#orders.push(order)
    this.#wake()
  }

  /** Nothing is started before this: commands need to know the agent's environment. */
  open(): void {
    this.#isOpen = true
    this.#wake()
  }

  /** Starts nothing more. */
  close(): void {
    this.#isOpen = false
  }

  #wake(): void {
    if (this.#isRunning || !this.#isOpen || this.#orders.length === 0) return
    this.#isRunning = true
    void this.#run().finally(() => {
      this.#isRunning = false
      // What was pushed after the last look.
      this.#wake()
    })
  }

  async #run(): Promise<void> {
    let before: Promise<unknown> = Promise.resolve()
    while (this.#isOpen && this.#orders.length > 0) {
      const slice = this.#orders.splice(0, sliceLength)
      await this.#prepare(slice)
      const launched = Promise.all(slice.map((order) => this.#launch(order)))
      await before
      before = launched
    }
    await before
  }

  async #prepare(slice: readonly AcceptedOrder[]): Promise<void> {
    const { clock, log, prepare } = this.#options
    for (;;) {
      try {
        return await prepare(slice)
      } catch (error) {
        log.error(
          { err: messageOf(error), waiting: slice.length + this.#orders.length },
          'starts wait: the runner folder cannot be written',
        )
        await clock.sleep(retryPrepareMs)
      }
    }
  }

  async #launch(order: AcceptedOrder): Promise<void> {
    while ((await this.#options.launch(order)) === 'later') await this.#options.clock.sleep(retryShortageMs)
  }
}
