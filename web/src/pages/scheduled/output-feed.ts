/**
 * Brings the output of an execution into a buffer: live while it runs, else what was kept of it.
 *
 * Easy to get wrong: a stream that broke begins again at the start of what is kept. `live-place.ts` knows what is there
 * already, so that nothing is shown twice.
 */
import { ApiError, api } from '../../api/client.ts'
import { serverSent } from '../../api/server-sent.ts'
import { LivePlace, type OutputEvent } from './live-place.ts'
import type { OutputBuffer } from './output-buffer.ts'
import { outputPath } from './wire.ts'

export interface OutputFeed {
  readonly jobName: string
  readonly executionId: string
  readonly buffer: OutputBuffer
  /** New text is in the buffer. */
  readonly onText: () => void
  readonly onState: (state: FeedState) => void
}

export type FeedState =
  | { readonly kind: 'loading' }
  | { readonly kind: 'live' }
  /** The stream broke, and is tried again. */
  | { readonly kind: 'waiting' }
  /** `note` says what is not known of its end; empty otherwise. */
  | { readonly kind: 'ended'; readonly note: string }
  | { readonly kind: 'failed'; readonly error: ApiError }

interface EndEvent {
  /** Why it is not known how the execution ended; empty when it is. */
  readonly reason: string
}

const firstWaitMs = 500
const longestWaitMs = 10_000

/** Runs until the output has ended, cannot be had, or `signal` aborts. Never throws. */
export async function feedOutput(feed: OutputFeed, isRunning: boolean, signal: AbortSignal): Promise<void> {
  const run = isRunning ? followLive : readKept
  try {
    const note = await run(feed, signal)
    if (!signal.aborted) feed.onState({ kind: 'ended', note })
  } catch (error) {
    if (!signal.aborted) feed.onState({ kind: 'failed', error: asError(error) })
  }
}

async function readKept(feed: OutputFeed, signal: AbortSignal): Promise<string> {
  const { jobName, executionId, buffer, onText, onState } = feed
  onState({ kind: 'loading' })
  const body = await api.stream(outputPath(jobName, executionId), { signal })
  const decoder = new TextDecoder()
  buffer.clear()
  for await (const chunk of chunksOf(body)) {
    buffer.append(decoder.decode(chunk, { stream: true }))
    onText()
  }
  return ''
}

/** Connects again until the agent says that it is over. @throws ApiError when there is no such execution */
async function followLive(feed: OutputFeed, signal: AbortSignal): Promise<string> {
  const place = new LivePlace(feed.buffer)
  let waitMs = firstWaitMs
  feed.onState({ kind: 'loading' })
  while (!signal.aborted) {
    try {
      const note = await readLive(feed, place, signal)
      if (note !== null) return note
      waitMs = firstWaitMs
    } catch (error) {
      if (signal.aborted) return ''
      if (error instanceof ApiError && error.status >= 400 && error.status < 500) throw error
      waitMs = Math.min(waitMs * 2, longestWaitMs)
    }
    feed.onState({ kind: 'waiting' })
    await pause(waitMs, signal)
  }
  return ''
}

/** @returns what is not known of its end, empty when all is; null when the stream broke before */
async function readLive(feed: OutputFeed, place: LivePlace, signal: AbortSignal): Promise<string | null> {
  const body = await api.stream(`${outputPath(feed.jobName, feed.executionId)}/live`, { signal })
  feed.onState({ kind: 'live' })
  for await (const { kind, data } of serverSent(body)) {
    if (kind === 'end') return (data as EndEvent).reason
    if (kind !== 'output') continue
    place.take(data as OutputEvent)
    feed.onText()
  }
  return null
}

async function* chunksOf(body: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = body.getReader()
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      yield value
    }
  } finally {
    await reader.cancel().catch(() => {})
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms)
    signal.addEventListener('abort', () => {
      clearTimeout(timer)
      resolve()
    })
  })
}

function asError(error: unknown): ApiError {
  if (error instanceof ApiError) return error
  return new ApiError(0, 'PAGE', error instanceof Error ? error.message : String(error))
}
