/**
 * One HTTP request, with limits on how long a connection and a silence may take.
 *
 * Easy to get wrong: whether a request may be sent again elsewhere depends on whether it was sent: an order to run a job
 * that got no answer may have been carried out.
 */
import { type IncomingMessage, request as plainRequest } from 'node:http'
import { request as secureRequest } from 'node:https'

export interface HttpCall {
  readonly method: string
  readonly url: URL
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | null
  readonly signal?: AbortSignal | undefined
  readonly connectWithinMs: number
}

/** A peer that says nothing for so long is gone; live answers have a comment every 15 s. */
const longestSilenceMs = 60_000

export class CallError extends Error {
  /** False when the server never got the request. */
  readonly wasSent: boolean

  constructor(message: string, wasSent: boolean, cause: unknown) {
    super(message, { cause })
    this.wasSent = wasSent
  }
}

/** Resolves with the head of the answer; redirects are not followed. @throws CallError */
export function sendCall(call: HttpCall): Promise<IncomingMessage> {
  const { method, url, headers, body, signal, connectWithinMs } = call
  return new Promise((resolve, reject) => {
    let wasSent = false
    const send = url.protocol === 'https:' ? secureRequest : plainRequest
    const length = body === null ? {} : { 'content-length': String(Buffer.byteLength(body)) }
    const request = send(url, {
      method,
      headers: { ...headers, ...length },
      timeout: longestSilenceMs,
      ...(signal === undefined ? {} : { signal }),
    })
    const connecting = setTimeout(
      () => request.destroy(new Error(`no connection within ${connectWithinMs / 1_000} s`)),
      connectWithinMs,
    )
    request.on('socket', (socket) => {
      const connected = () => {
        wasSent = true
        clearTimeout(connecting)
      }
      if (socket.connecting) socket.once(url.protocol === 'https:' ? 'secureConnect' : 'connect', connected)
      else connected()
    })
    request.on('timeout', () => request.destroy(new Error(`no answer for ${longestSilenceMs / 1_000} s`)))
    request.on('response', resolve)
    request.on('error', (cause) => {
      clearTimeout(connecting)
      reject(new CallError(messageOfCause(cause), wasSent, cause))
    })
    request.end(body ?? undefined)
  })
}

/** The whole body as text. */
export async function bodyText(response: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of response) chunks.push(chunk)
  return Buffer.concat(chunks).toString('utf8')
}

/** A host with several addresses fails with one error for each. */
function messageOfCause(error: Error): string {
  const inner = error instanceof AggregateError ? error.errors[0] : null
  return inner instanceof Error ? inner.message : error.message
}
