/**
 * The bytes of a stream's snapshot on their way from one server to another.
 *
 * Easy to get wrong: the sender stops when it has a few megabytes without an acknowledgement, and gives up when none comes
 * for a while; so each chunk is acknowledged when the receiver has taken it, which bounds what is held here too. An end
 * that is no success looks like the end but for its status.
 * Source: nats-server's jetstream_api.go (streamSnapshot, processStreamRestore).
 */
import { createInbox, type Msg } from '@nats-io/nats-core'
import { UnavailableError } from '../core/errors.ts'
import type { Connection } from './connection.ts'
import { parseAnswer } from './jetstream-api.ts'

/** The receiver takes chunks in order; more of them under way make it faster. */
const chunksUnderWay = 16
const silenceMs = 15_000
const chunkTimeoutMs = 15_000
/** The receiver reads the whole stream back before it answers. */
const endTimeoutMs = 300_000

export interface SnapshotFlow {
  readonly from: Connection
  readonly to: Connection
  /** The start of the message when it fails. */
  readonly what: string
  readonly signal: AbortSignal
  /** Has the sender send to a subject. @returns the subject on which the receiver takes the chunks */
  readonly begin: (deliverTo: string) => Promise<string>
}

/** Resolves when the receiver has taken all. @throws UnavailableError; what the receiver said; the signal's reason */
export async function pourSnapshot(flow: SnapshotFlow): Promise<void> {
  const { from, signal, what } = flow
  const inbox = createInbox()
  const arrived = new Arrivals(from, inbox, what)
  try {
    const target = await flow.begin(inbox)
    const underWay: Promise<void>[] = []
    for (;;) {
      const chunk = await arrived.next(signal)
      if (chunk.data.length === 0) {
        assertWhole(chunk, what)
        break
      }
      const taken = hand(flow, target, chunk)
      // Awaited in order below; a failure in between must not count as unhandled.
      taken.catch(() => {})
      underWay.push(taken)
      if (underWay.length >= chunksUnderWay) await underWay.shift()
    }
    await Promise.all(underWay)
    await tell(flow, target, new Uint8Array(), endTimeoutMs)
  } finally {
    arrived.close()
  }
}

async function hand(flow: SnapshotFlow, target: string, chunk: Msg): Promise<void> {
  await tell(flow, target, chunk.data, chunkTimeoutMs)
  if (chunk.reply !== undefined && chunk.reply !== '') flow.from.nats.publish(chunk.reply)
}

function tell({ to, what }: SnapshotFlow, target: string, bytes: Uint8Array, timeoutMs: number): Promise<void> {
  return to.call(what, async () => {
    const answer = await to.nats.request(target, bytes, { timeout: timeoutMs })
    if (answer.data.length > 0) parseAnswer(answer)
  })
}

function assertWhole(end: Msg, what: string): void {
  const status = end.headers?.code ?? 204
  if (status !== 0 && status !== 204)
    throw new UnavailableError(`${what}: its server broke off: ${end.headers?.description ?? status}`)
}

/** What was received and not yet handed on; the sender's window bounds it. */
class Arrivals {
  readonly #what: string
  readonly #chunks: Msg[] = []
  readonly #unsubscribe: () => void
  #failure: Error | null = null
  #wake: () => void = () => {}

  constructor(from: Connection, inbox: string, what: string) {
    this.#what = what
    const subscription = from.nats.subscribe(inbox, {
      callback: (error, message) => {
        if (error === null) this.#chunks.push(message)
        else this.#failure ??= error
        this.#wake()
      },
    })
    const stop = from.onChange((isConnected) => {
      if (!isConnected) this.#failure ??= new UnavailableError(`${what}: the connection to its server broke`)
      this.#wake()
    })
    this.#unsubscribe = () => {
      stop()
      subscription.unsubscribe()
    }
  }

  async next(signal: AbortSignal): Promise<Msg> {
    const limit = AbortSignal.timeout(silenceMs)
    const either = AbortSignal.any([signal, limit])
    for (;;) {
      signal.throwIfAborted()
      if (this.#failure !== null) throw this.#failure
      const chunk = this.#chunks.shift()
      if (chunk !== undefined) return chunk
      if (limit.aborted) throw new UnavailableError(`${this.#what}: its server is silent`)
      await new Promise<void>((resolve) => {
        this.#wake = resolve
        either.addEventListener('abort', () => resolve(), { once: true })
      })
    }
  }

  close(): void {
    this.#unsubscribe()
  }
}
