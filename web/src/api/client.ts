/** Requests to the agent that served this page. */
import { ApiError, errorOfAnswer } from './api-error.ts'
import { askForToken, currentToken } from './token.ts'

export { ApiError, type FieldIssue } from './api-error.ts'

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

export interface RequestOptions {
  readonly signal?: AbortSignal
}

export const api = {
  /** The parsed JSON answer. @throws ApiError */
  async get<T>(path: string, options: RequestOptions = {}): Promise<T> {
    return (await jsonOf(await send('GET', path, undefined, options))) as T
  },

  /** Sends `body` as JSON; an empty answer is undefined. @throws ApiError, with issues per field for a bad value */
  async send<T = void>(method: Method, path: string, body?: unknown, options: RequestOptions = {}): Promise<T> {
    return (await jsonOf(await send(method, path, body, options))) as T
  },

  /** The answer as text. @throws ApiError */
  async text(path: string, options: RequestOptions = {}): Promise<string> {
    return (await send('GET', path, undefined, options)).text()
  },

  /** The answer as it comes, for server-sent events (`api/server-sent.ts` reads them). @throws ApiError */
  async stream(path: string, options: RequestOptions = {}): Promise<ReadableStream<Uint8Array>> {
    const { body } = await send('GET', path, undefined, options)
    if (body === null) throw new ApiError(0, 'NO_ANSWER', 'the answer has no body')
    return body
  },

  /** Saves the answer as a file; a plain link would not send the token. @throws ApiError */
  async download(path: string, fileName: string): Promise<void> {
    const url = URL.createObjectURL(await (await send('GET', path, undefined, {})).blob())
    const link = Object.assign(document.createElement('a'), { href: url, download: fileName })
    link.click()
    setTimeout(() => URL.revokeObjectURL(url), 10_000)
  },
}

async function send(method: Method, path: string, body: unknown, options: RequestOptions): Promise<Response> {
  for (;;) {
    const token = currentToken()
    const answer = await attempt(method, path, body, token, options)
    if (answer.ok) return answer
    const error = errorOfAnswer(answer.status, await answer.text().catch(() => ''))
    if (error.status !== 401) throw error
    await askForToken(error.message, token)
  }
}

async function attempt(
  method: Method,
  path: string,
  body: unknown,
  token: string | null,
  { signal }: RequestOptions,
): Promise<Response> {
  const headers: Record<string, string> = {}
  if (token !== null) headers.authorization = `Bearer ${token}`
  if (body !== undefined) headers['content-type'] = 'application/json'
  try {
    return await fetch(path, {
      method,
      headers,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(signal === undefined ? {} : { signal }),
      cache: 'no-store',
    })
  } catch (error) {
    if (signal?.aborted === true) throw error
    throw new ApiError(0, 'NO_ANSWER', 'the node does not answer; its agent may be stopped, or the network is down')
  }
}

async function jsonOf(answer: Response): Promise<unknown> {
  const text = await answer.text()
  if (text === '') return undefined
  try {
    return JSON.parse(text)
  } catch {
    throw new ApiError(answer.status, 'NO_JSON', 'the answer is no JSON; is there another server in between?')
  }
}
