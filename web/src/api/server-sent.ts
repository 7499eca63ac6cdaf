/** Reads server-sent events from a fetched body (the browser's own EventSource cannot send a token). */

export interface ServerSent {
  readonly kind: string
  /** Parsed JSON; the text itself where it is none. */
  readonly data: unknown
}

/** Ends when the stream ends; a break in the middle throws what the reader throws. */
export async function* serverSent(body: ReadableStream<Uint8Array>): AsyncGenerator<ServerSent> {
  const reader = body.getReader()
  const decoder = new TextDecoder()
  const parser = new ServerSentParser()
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      yield* parser.push(decoder.decode(value, { stream: true }))
    }
  } finally {
    await reader.cancel().catch(() => {})
  }
}

/** Text goes in as it arrives, whole events come out. Lines end in `\n` or `\r\n`, which is what our agents write. */
export class ServerSentParser {
  #rest = ''
  #kind = ''
  #data: string[] = []

  push(text: string): ServerSent[] {
    const lines = (this.#rest + text).split('\n')
    this.#rest = lines.pop() ?? ''
    return lines.flatMap((line) => this.#line(line.endsWith('\r') ? line.slice(0, -1) : line))
  }

  #line(line: string): ServerSent[] {
    if (line === '') return this.#event()
    const colon = line.indexOf(':')
    const field = colon === -1 ? line : line.slice(0, colon)
    const value = colon === -1 ? '' : line.slice(colon + 1).replace(/^ /, '')
    if (field === 'event') this.#kind = value
    if (field === 'data') this.#data.push(value)
    return []
  }

  #event(): ServerSent[] {
    const [kind, data] = [this.#kind, this.#data]
    this.#kind = ''
    this.#data = []
    return data.length === 0 ? [] : [{ kind: kind === '' ? 'message' : kind, data: jsonOrText(data.join('\n')) }]
  }
}

function jsonOrText(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
