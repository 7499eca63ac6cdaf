/**
 * One reader of the events, as the body of its answer.
 *
 * Easy to get wrong: a reader that is slow gets fewer events, never old ones one after the other. While it has not taken
 * what it was sent, what happens is gathered into one batch of bounded size.
 */
import { Readable } from 'node:stream'
import { EventBatch } from './event-batch.ts'

/** Bytes that wait for the socket before a reader counts as slow. */
const waitingBytes = 16_384
/** A reader that takes nothing for so long is not there any more. */
const patienceMs = 60_000

export class EventReader extends Readable {
  #missed = new EventBatch()
  #wantsMore = true
  #takenAtMs: number

  /** @param first what it is sent at once */
  constructor(first: string, nowMs: number) {
    super({ highWaterMark: waitingBytes, encoding: 'utf8' })
    this.#takenAtMs = nowMs
    this.#send(first)
  }

  override _read(): void {
    this.#wantsMore = true
  }

  /**
   * To be called about four times a second.
   *
   * @param batch what happened since the last time, and its text
   */
  tell(batch: EventBatch, text: string, nowMs: number): void {
    if (!this.#wantsMore) {
      this.#missed.add(batch)
      if (nowMs - this.#takenAtMs > patienceMs) this.destroy()
      return
    }
    this.#takenAtMs = nowMs
    if (this.#missed.isEmpty) {
      if (text !== '') this.#send(text)
      return
    }
    const missed = this.#missed
    this.#missed = new EventBatch()
    missed.add(batch)
    this.#send(missed.text())
  }

  /** Shows whoever is between that this is in use. */
  beat(): void {
    if (this.#wantsMore) this.#send(': still there\n\n')
  }

  /** Nothing follows. */
  end(): void {
    if (!this.readableEnded && !this.destroyed) this.push(null)
  }

  #send(text: string): void {
    this.#wantsMore = this.push(text)
  }
}
