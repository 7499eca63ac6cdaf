/**
 * How a writer becomes the only one of a frame stream.
 *
 * It stores a message without content that expects the stream's end as it read it, and whose sequence is the writer's
 * generation. Of what an earlier writer has under way some may still slip in behind it, where the sequence that was
 * predicted happens to be right; it bears its smaller generation, and its writer learns of the greater one.
 *
 * Easy to get wrong: the stream's last message must never be purged (see frame-source.ts), for its writer is the proof.
 */
import { PubHeaders } from '@nats-io/jetstream'
import { headers } from '@nats-io/nats-core'
import { backoffMs } from '../core/backoff.ts'
import { ConflictError, NotFoundError } from '../core/errors.ts'
import type { Connection } from './connection.ts'
import { FramesLostError, StreamFullError } from './errors.ts'
import { frameStreamName, frameSubject, generationHeader, takeoverHeader, writerHeader } from './frame-stream.ts'

const contestBackoff = { firstMs: 5, maxMs: 200 }
const fullBackoff = { firstMs: 50, maxMs: 1_000 }
const contestLimit = 100
const catchUpMs = 10_000
const askAgainMs = 50

export interface StreamEnd {
  readonly lastSequence: number
  /** Who wrote the last message; null when there is none. */
  readonly writer: string | null
}

/** A message of the stream without its content. */
export interface StreamEntry {
  readonly writer: string | null
  /** The sequence of its writer's takeover. */
  readonly generation: number
  /** Null on a takeover. */
  readonly messageId: string | null
}

/**
 * Waits for NATS as long as it takes.
 *
 * @param atLeast what the stream is known to hold: a server that has just become its leader may not have caught up
 * with its own log yet, and is asked again for a while
 * @throws FramesLostError when the stream is gone, or has lost what it held; the signal's reason
 */
export async function readStreamEnd(
  connection: Connection,
  jobId: string,
  atLeast = 0,
  signal?: AbortSignal,
): Promise<StreamEnd> {
  const { clock } = connection
  const deadlineMs = clock.monotonicMs() + catchUpMs
  for (;;) {
    const end = await readOnce(connection, jobId, signal)
    if (end !== null && end.lastSequence >= atLeast) return end
    if (end !== null && clock.monotonicMs() > deadlineMs)
      throw new FramesLostError(`stream ${frameStreamName(jobId)} lost frames that it had stored`)
    await clock.sleep(askAgainMs, signal)
  }
}

/** @returns null when something was stored between the two questions that this takes */
async function readOnce(
  connection: Connection,
  jobId: string,
  signal: AbortSignal | undefined,
): Promise<StreamEnd | null> {
  const name = frameStreamName(jobId)
  const manager = await connection.manager()
  const patience = { withinMs: Number.POSITIVE_INFINITY, signal }
  try {
    const info = await connection.retry(`stream ${name} cannot be read`, () => manager.streams.info(name), patience)
    const lastSequence = info.state.last_seq
    if (info.state.messages === 0) return { lastSequence, writer: null }
    const last = await connection.retry(
      `stream ${name} cannot be read`,
      () => manager.streams.getMessage(name, { last_by_subj: frameSubject(jobId) }),
      patience,
    )
    if (last !== null && last.seq !== lastSequence) return null
    return { lastSequence, writer: last?.header.get(writerHeader) ?? null }
  } catch (cause) {
    if (cause instanceof NotFoundError) throw new FramesLostError(`stream ${name} is gone`, { cause })
    throw cause
  }
}

/**
 * The messages after `after` up to `through`; what has been purged since is left out.
 *
 * @throws FramesLostError when the stream is gone; the signal's reason
 */
export async function readEntries(
  connection: Connection,
  jobId: string,
  { after, through }: { readonly after: number; readonly through: number },
  signal: AbortSignal,
): Promise<readonly StreamEntry[]> {
  const name = frameStreamName(jobId)
  const manager = await connection.manager()
  const patience = { withinMs: Number.POSITIVE_INFINITY, signal }
  const entries: StreamEntry[] = []
  for (let seq = after + 1; seq <= through; seq += 1) {
    const what = `stream ${name} cannot be read`
    const message = await connection.retry(what, () => manager.streams.getMessage(name, { seq }), patience)
    if (message === null) continue
    const isTakeover = message.header.has(takeoverHeader)
    entries.push({
      writer: message.header.get(writerHeader) || null,
      generation: isTakeover ? seq : Number(message.header.get(generationHeader)),
      messageId: message.header.get(PubHeaders.MsgIdHdr) || null,
    })
  }
  return entries
}

/**
 * @param discardsOld true: purges what is there, so that it fits even when the stream is full
 * @returns the sequence of the takeover
 */
export async function takeOver(
  connection: Connection,
  jobId: string,
  writer: string,
  discardsOld: boolean,
): Promise<number> {
  let fullTimes = 0
  for (let attempt = 1; ; attempt += 1) {
    if (discardsOld) await purge(connection, jobId)
    const end = await readStreamEnd(connection, jobId)
    try {
      const isOurs = end.writer === writer
      const sequence = isOurs ? end.lastSequence : await announce(connection, jobId, writer, end.lastSequence)
      // The old writer may have stored something between the purge and our announcement; now it can no more.
      if (discardsOld) await purge(connection, jobId, sequence)
      return sequence
    } catch (error) {
      if (error instanceof StreamFullError) fullTimes += 1
      else if (!(error instanceof ConflictError) || attempt > contestLimit) throw error
      const policy = error instanceof StreamFullError ? fullBackoff : contestBackoff
      await connection.clock.sleep(backoffMs(policy, Math.max(1, fullTimes), Math.random))
    }
  }
}

async function announce(connection: Connection, jobId: string, writer: string, lastSequence: number): Promise<number> {
  const marks = headers()
  marks.set(writerHeader, writer)
  marks.set(takeoverHeader, '1')
  const ack = await connection.retry(`the stream of job ${jobId} cannot be taken over`, () =>
    connection.streams.publish(frameSubject(jobId), '', { headers: marks, expect: { lastSequence } }),
  )
  return ack.seq
}

/** @param keepFrom the first sequence that stays; by default none does */
async function purge(connection: Connection, jobId: string, keepFrom?: number): Promise<void> {
  const manager = await connection.manager()
  const name = frameStreamName(jobId)
  await connection.retry(`stream ${name} cannot be emptied`, () =>
    keepFrom === undefined ? manager.streams.purge(name) : manager.streams.purge(name, { seq: keepFrom }),
  )
}
