/**
 * The one stream of events of this page, shared by whoever listens.
 *
 * Easy to get wrong: what happened while the stream was down is not told later. When it is there again everything shown
 * is stale; `live/resource.ts` reloads then.
 */
import { signal } from '@preact/signals'
import { ApiError } from './api-error.ts'
import { api } from './client.ts'
import type { EventData, EventKind } from './event-kinds.ts'
import { serverSent } from './server-sent.ts'

export type Connection = 'connecting' | 'open' | 'lost'

/** `lost` until events come again. */
export const connection = signal<Connection>('connecting')

/** The node that answers, from its `hello`. */
export const askedNode = signal<EventData['hello'] | null>(null)

/** Why there is no connection, for people; null while there is one, or nothing is known yet. */
export const lostBecause = signal<string | null>(null)

const firstWaitMs = 500
const longestWaitMs = 10_000
/** The agent writes a comment every 15 s; a stream that is silent for much longer is dead, whatever the browser thinks. */
const silentMs = 40_000

type Handler<Kind extends EventKind> = (data: EventData[Kind]) => void

const handlers = new Map<EventKind, Set<(data: never) => void>>()
const reconnected = new Set<() => void>()
let isStarted = false

/** @returns how to stop listening */
export function onEvent<Kind extends EventKind>(kind: Kind, handler: Handler<Kind>): () => void {
  const those = handlers.get(kind) ?? new Set()
  handlers.set(kind, those)
  those.add(handler)
  return () => void those.delete(handler)
}

/** Called when events come after a time without. @returns how to stop listening */
export function onReconnect(handler: () => void): () => void {
  reconnected.add(handler)
  return () => void reconnected.delete(handler)
}

/** Connects, and connects again for as long as the page lives. */
export function startEvents(): void {
  if (isStarted) return
  isStarted = true
  void keepConnected()
}

async function keepConnected(): Promise<never> {
  let waitMs = firstWaitMs
  let hasFailed = false
  for (;;) {
    const outcome = await follow(() => {
      connection.value = 'open'
      lostBecause.value = null
      if (hasFailed) for (const handler of reconnected) handler()
    })
    hasFailed = true
    connection.value = 'lost'
    lostBecause.value = outcome.reason
    waitMs = outcome.wasOpen ? firstWaitMs : Math.min(waitMs * 2, longestWaitMs)
    await new Promise((resolve) => setTimeout(resolve, waitMs * (0.75 + Math.random() / 2)))
  }
}

/** Reads one stream to its end. */
async function follow(opened: () => void): Promise<{ readonly wasOpen: boolean; readonly reason: string }> {
  const ending = new AbortController()
  let wasOpen = false
  let reason = 'the node ended the connection'
  try {
    const body = await api.stream('/ops/events', { signal: ending.signal })
    for await (const { kind, data } of serverSent(watched(body, ending))) {
      if (!wasOpen) opened()
      wasOpen = true
      tell(kind as EventKind, data as EventData[EventKind])
    }
  } catch (error) {
    if (error instanceof ApiError) reason = error.message
  } finally {
    ending.abort()
  }
  return { wasOpen, reason }
}

function tell(kind: EventKind, data: EventData[EventKind]): void {
  if (kind === 'hello') askedNode.value = data as EventData['hello']
  for (const handler of handlers.get(kind) ?? []) handler(data as never)
}

/** Aborts when nothing at all has come for long. */
function watched(body: ReadableStream<Uint8Array>, ending: AbortController): ReadableStream<Uint8Array> {
  const isDead = () => ending.abort(new Error('the events stopped'))
  let timer = setTimeout(isDead, silentMs)
  ending.signal.addEventListener('abort', () => clearTimeout(timer))
  return body.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        clearTimeout(timer)
        timer = setTimeout(isDead, silentMs)
        controller.enqueue(chunk)
      },
    }),
  )
}
