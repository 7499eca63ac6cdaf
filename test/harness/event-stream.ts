/** Reads server-sent events from an agent, as the page does. */

export interface StreamedEvent {
  readonly event: string
  readonly data: Readonly<Record<string, unknown>>
}

export interface EventStream extends Disposable {
  readonly status: number
  /** All that came so far. */
  readonly events: readonly StreamedEvent[]
  /** Resolves when the agent has ended the stream. @throws when the connection broke */
  readonly ended: Promise<void>
}

/** Resolves when the agent answers; what comes then is gathered until it is disposed. */
export async function openEventStream(url: string, token?: string): Promise<EventStream> {
  const ending = new AbortController()
  const headers: Readonly<Record<string, string>> = token === undefined ? {} : { authorization: `Bearer ${token}` }
  const response = await fetch(url, { headers, signal: ending.signal })
  const events: StreamedEvent[] = []
  const ended = gather(response, events).catch((error: unknown) => {
    if (!ending.signal.aborted) throw error
  })
  // Whoever does not wait for the end does not care how it came.
  ended.catch(() => {})
  return {
    status: response.status,
    events,
    ended,
    [Symbol.dispose]: () => ending.abort(),
  }
}

async function gather(response: Response, events: StreamedEvent[]): Promise<void> {
  const decoder = new TextDecoder()
  let text = ''
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk as Uint8Array, { stream: true })
    const blocks = text.split('\n\n')
    text = blocks.pop() ?? ''
    for (const block of blocks) {
      const event = eventOf(block)
      if (event !== null) events.push(event)
    }
  }
}

/** Null for a comment. */
function eventOf(block: string): StreamedEvent | null {
  const match = /^event: (.*)\ndata: (.*)$/s.exec(block)
  return match?.[2] === undefined
    ? null
    : { event: match[1] ?? '', data: JSON.parse(match[2]) as StreamedEvent['data'] }
}
