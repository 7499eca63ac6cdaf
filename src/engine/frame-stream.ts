/**
 * The stream of one replication job: its name, limits and state.
 *
 * Easy to get wrong: it is bounded in bytes and refuses what does not fit, so that a slow target stops the source;
 * nothing in it is ever dropped to make room.
 */
import { DiscardPolicy, RetentionPolicy, StorageType } from '@nats-io/jetstream'
import { nanos } from '@nats-io/nats-core'
import type { Connection } from './connection.ts'
import { deleteStream, ensureStream, streamInfo } from './stream-setup.ts'
import { encodeToken } from './subject-token.ts'

/** Who wrote a message; a new value each time a sink is opened. */
export const writerHeader = 'Millrace-Writer'
/** The sequence of its writer's takeover, on every message after that: a smaller one is an earlier writer's. */
export const generationHeader = 'Millrace-Generation'
/** `index/count` where a frame takes several messages. */
export const partHeader = 'Millrace-Part'
/** On the message without content by which a writer takes the stream over. */
export const takeoverHeader = 'Millrace-Takeover'

/** Ids only chain what is under way; the server need not remember them for long. */
const duplicateWindowMs = 10_000
const defaultMaxBytes = 1024 * 1024 * 1024

/** The last one released, by which writers are told apart, and the takeover of the next writer. */
const stayingMessages = 2

export interface FrameStreamLimits {
  /** By default 1 GiB. */
  readonly maxBytes?: number
  /** By default none. What stays of what is released is not counted. */
  readonly maxMessages?: number
}

export interface FrameStreamInfo {
  readonly messages: number
  readonly bytes: number
  /** Infinity: as many as one likes. */
  readonly maxBytes: number
  /** Beside what stays. Infinity: as many as one likes. */
  readonly maxMessages: number
}

export function frameStreamName(jobId: string): string {
  return `FRAMES_${encodeToken(jobId)}`
}

export function frameSubject(jobId: string): string {
  return `frames.${encodeToken(jobId)}`
}

/** Makes the stream, or gives it these limits. */
export async function ensureFrameStream(
  connection: Connection,
  jobId: string,
  limits: FrameStreamLimits,
): Promise<void> {
  await ensureStream(connection, {
    name: frameStreamName(jobId),
    subjects: [frameSubject(jobId)],
    storage: StorageType.File,
    retention: RetentionPolicy.Limits,
    discard: DiscardPolicy.New,
    max_bytes: limits.maxBytes ?? defaultMaxBytes,
    max_msgs: limits.maxMessages === undefined ? -1 : limits.maxMessages + stayingMessages,
    duplicate_window: nanos(duplicateWindowMs),
  })
}

/** What the stream holds; null when it does not exist. */
export async function frameStreamInfo(connection: Connection, jobId: string): Promise<FrameStreamInfo | null> {
  const info = await streamInfo(connection, frameStreamName(jobId))
  if (info === null) return null
  const { state, config } = info
  const [maxBytes, maxMessages] = [limitOf(config.max_bytes), limitOf(config.max_msgs) - stayingMessages]
  return { messages: state.messages, bytes: state.bytes, maxBytes, maxMessages }
}

/** The server writes -1 for none. */
function limitOf(configured: number): number {
  return configured < 0 ? Number.POSITIVE_INFINITY : configured
}

/** Deletes the stream and all in it; no error when there is none. */
export async function deleteFrameStream(connection: Connection, jobId: string): Promise<void> {
  await deleteStream(connection, frameStreamName(jobId))
}
