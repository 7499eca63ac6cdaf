/** Reads server-sent events (WHATWG HTML, 9.2) as far as the agent sends them: `event` and `data`; comments keep alive. */

export interface ServerEvent {
  readonly event: string
  /** The parsed `data`. */
  readonly data: unknown
}

/** Ends with `chunks`. @throws SyntaxError when `data` is no JSON */
export async function* readEvents(chunks: AsyncIterable<Buffer | string>): AsyncGenerator<ServerEvent> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const chunk of chunks) {
    rest += typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true })
    const blocks = rest.split(/\r?\n\r?\n/)
    rest = blocks.pop() ?? ''
    for (const block of blocks) {
      const event = parseBlock(block)
      if (event !== null) yield event
    }
  }
}

function parseBlock(block: string): ServerEvent | null {
  let event = 'message'
  const data: string[] = []
  for (const line of block.split(/\r?\n/)) {
    const match = /^(event|data): ?(.*)$/s.exec(line)
    if (match?.[1] === 'event') event = match[2] ?? ''
    else if (match?.[1] === 'data') data.push(match[2] ?? '')
  }
  return data.length === 0 ? null : { event, data: JSON.parse(data.join('\n')) }
}
