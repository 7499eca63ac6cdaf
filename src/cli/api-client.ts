/**
 * Calls a running agent: the first of several addresses that answers.
 *
 * Easy to get wrong: a request that changes something goes to the next address only when the one before never got it.
 */
import type { IncomingMessage } from 'node:http'
import { type Issue, messageOf } from '../core/errors.ts'
import { CallFailedError, RequestRefusedError, WrongCallError } from './errors.ts'
import { readEvents, type ServerEvent } from './event-stream.ts'
import { bodyText, CallError, sendCall } from './http-call.ts'

export interface ClientLimits {
  readonly connectWithinMs?: number
  /** Ends every call. */
  readonly signal?: AbortSignal
}

interface Answer {
  readonly status: number
  readonly text: string
  readonly warnings: readonly string[]
}

const unavailable = 503

export class ApiClient {
  readonly #bases: readonly string[]
  readonly #token: string | null
  readonly #limits: ClientLimits
  /** The address that answered last: the next call goes there first. */
  #current = 0

  /**
   * @param addresses host:port or URLs, separated by commas
   * @param token what the agent asks for; null to show none
   * @throws WrongCallError when there is no address, or one that is none
   */
  constructor(addresses: string, token: string | null = null, limits: ClientLimits = {}) {
    this.#bases = addresses
      .split(',')
      .map((address) => address.trim())
      .filter((address) => address !== '')
      .map(baseOf)
    if (this.#bases.length === 0) throw new WrongCallError('--address names no address; give HOST:PORT of an agent')
    this.#token = token
    this.#limits = limits
  }

  /** The one that answered last. */
  get address(): string {
    return this.#bases[this.#current] ?? ''
  }

  /** A client of each address alone. */
  each(): readonly ApiClient[] {
    return this.#bases.map((base) => new ApiClient(base, this.#token, this.#limits))
  }

  /** A client of the same addresses whose calls end with `signal`. */
  until(signal: AbortSignal): ApiClient {
    return new ApiClient(this.#bases.join(','), this.#token, { ...this.#limits, signal })
  }

  /** @throws CallFailedError with the agent's own words, or how to start one; RequestRefusedError */
  async call(method: string, path: string, body?: unknown): Promise<unknown> {
    const text = await this.text(method, path, body)
    return text === '' ? null : parseAnswer(text, this.address)
  }

  /** The answer as it came: it holds numbers that no double can. @throws CallFailedError, RequestRefusedError */
  async text(method: string, path: string, body?: unknown): Promise<string> {
    return (await this.send(method, path, body)).text
  }

  /** The answer with its last newlines, as a file has them. @throws CallFailedError */
  async rawText(path: string): Promise<string> {
    return (await this.#accepted('GET', path, undefined)).text
  }

  /** With what the agent warns of. @throws CallFailedError, RequestRefusedError */
  async send(method: string, path: string, body?: unknown): Promise<Pick<Answer, 'text' | 'warnings'>> {
    const answer = await this.#accepted(method, path, body)
    return { ...answer, text: answer.text.trimEnd() }
  }

  /** Server-sent events until the agent ends them. @throws CallFailedError */
  async *events(path: string): AsyncGenerator<ServerEvent> {
    const response = await this.#request('GET', path, undefined)
    if (response.statusCode !== 200)
      throw this.#failure({ status: response.statusCode ?? 0, text: await bodyText(response), warnings: [] })
    try {
      yield* readEvents(response)
    } catch (cause) {
      throw new CallFailedError(`the agent at ${this.address} broke off: ${messageOf(cause)}`, { cause })
    } finally {
      response.destroy()
    }
  }

  async #accepted(method: string, path: string, body: unknown): Promise<Answer> {
    const answer = await this.#answer(method, path, body)
    if (answer.status < 200 || answer.status >= 300) throw this.#failure(answer)
    return answer
  }

  async #answer(method: string, path: string, body: unknown): Promise<Answer> {
    for (let tried = 1; ; tried += 1) {
      const response = await this.#request(method, path, body)
      const text = await bodyText(response).catch((cause: unknown) => {
        throw new CallFailedError(`the agent at ${this.address} broke off its answer: ${messageOf(cause)}`, { cause })
      })
      const status = response.statusCode ?? 0
      // Of two agents that are asked the same, one may be part of its cluster already.
      const goesOn = status === unavailable && method === 'GET' && tried < this.#bases.length
      if (!goesOn) return { status, text, warnings: warningTexts(response.headers.warning) }
      this.#current = (this.#current + 1) % this.#bases.length
    }
  }

  /** The head of the first answer. @throws CallFailedError when there is none anywhere */
  async #request(method: string, path: string, body: unknown): Promise<IncomingMessage> {
    const failures: CallError[] = []
    // Several calls may be under way, so each goes through the addresses by itself.
    const first = this.#current
    const order = [...this.#bases.keys()].map((index) => (first + index) % this.#bases.length)
    for (const index of order) {
      const answer = await this.#send(this.#bases[index] ?? '', method, path, body)
      if (!(answer instanceof CallError)) {
        this.#current = index
        return answer
      }
      failures.push(answer)
      if (answer.wasSent && method !== 'GET') throw noWord(this.#bases[index] ?? '', answer)
    }
    throw noAnswer(
      order.map((index, at) => `${this.#bases[index]} (${failures[at]?.message})`),
      failures.at(-1),
    )
  }

  #send(base: string, method: string, path: string, body: unknown): Promise<IncomingMessage | CallError> {
    return sendCall({
      method,
      url: new URL(`${base}${path}`),
      headers: this.#token === null ? {} : { authorization: `Bearer ${this.#token}` },
      body: body === undefined ? null : JSON.stringify(body),
      connectWithinMs: this.#limits.connectWithinMs ?? 5_000,
      signal: this.#limits.signal,
    }).catch((error: unknown) => {
      if (error instanceof CallError) return error
      throw error
    })
  }

  #failure({ status, text }: Answer): Error {
    if (status === 401) return new CallFailedError(this.#refusalText(), { status })
    const { detail, title, errors = [] } = problemOf(text)
    const message = detail ?? title ?? `the agent at ${this.address} answered ${status}`
    if (errors.length > 0) return new RequestRefusedError(message, errors)
    return new CallFailedError(message, { status })
  }

  #refusalText(): string {
    return this.#token === null
      ? `the agent at ${this.address} asks for a token; name a file that holds it with --token-file or MILLRACE_TOKEN_FILE`
      : `the agent at ${this.address} refuses the token of --token-file; it must be one of the agent's own --api-token-file`
  }
}

function baseOf(address: string): string {
  const base = (/^https?:\/\//.test(address) ? address : `http://${address}`).replace(/\/+$/, '')
  if (!URL.canParse(base))
    throw new WrongCallError(`--address ${address} is no address; give HOST:PORT, for example 127.0.0.1:8080`)
  return base
}

function noWord(base: string, cause: CallError): CallFailedError {
  return new CallFailedError(
    `the agent at ${base} got the order and did not answer (${cause.message}); look whether it was carried out before you repeat it`,
    { cause },
  )
}

function noAnswer(failures: readonly string[], cause: unknown): CallFailedError {
  return new CallFailedError(
    `no agent answers at ${failures.join(', ')}; start one with "millrace agent", or name its address with --address`,
    { cause },
  )
}

function parseAnswer(text: string, address: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new CallFailedError(`what answers at ${address} is no Millrace agent: it sent no JSON`, { cause })
  }
}

interface Problem {
  readonly title?: string
  readonly detail?: string
  readonly errors?: readonly Issue[]
}

function problemOf(text: string): Problem {
  try {
    const problem: unknown = JSON.parse(text)
    return typeof problem === 'object' && problem !== null ? problem : {}
  } catch {
    return {}
  }
}

/** The texts of `299 - "text", 299 - "text"` (RFC 7234, 5.5), percent-decoded. */
function warningTexts(header: string | string[] | undefined): readonly string[] {
  const texts = [header ?? []]
    .flat()
    .join(', ')
    .matchAll(/299 - "([^"]*)"/g)
  return [...texts].map(([, text = '']) => {
    try {
      return decodeURIComponent(text)
    } catch {
      return text
    }
  })
}
