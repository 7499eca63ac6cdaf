/** Calls a running agent's Dkron API. */
import { readFileSync } from 'node:fs'
import { MillraceError, messageOf } from '../core/errors.ts'

/** The agent answered with an error, or did not answer. */
export class CallFailedError extends MillraceError {
  readonly code = 'CLI_CALL_FAILED'
  readonly remedy = 'operator'
}

export class ApiClient {
  readonly #base: string
  readonly #token: string | null

  /**
   * @param address host:port, or a URL
   * @param token what the agent asks for, see `readToken`; null to show none
   */
  constructor(address: string, token: string | null = null) {
    this.#base = (/^https?:\/\//.test(address) ? address : `http://${address}`).replace(/\/+$/, '')
    this.#token = token
  }

  get address(): string {
    return this.#base
  }

  /** @throws CallFailedError with the agent's own words, or how to start one */
  async call(method: string, path: string): Promise<unknown> {
    const text = await this.text(method, path)
    return text === '' ? null : JSON.parse(text)
  }

  /** The answer as it came: it holds numbers that no double can. @throws CallFailedError */
  async text(method: string, path: string): Promise<string> {
    const response = await this.#fetch(method, path)
    const text = await response.text()
    if (response.status === 401) throw new CallFailedError(this.#refusalText())
    if (!response.ok) throw new CallFailedError(problemText(response.status, text))
    return text.trimEnd()
  }

  #refusalText(): string {
    return this.#token === null
      ? `the agent at ${this.#base} asks for a token; name a file that holds it with --token-file or MILLRACE_TOKEN_FILE`
      : `the agent at ${this.#base} refuses the token of --token-file; it must be one of the agent's own --api-token-file`
  }

  async #fetch(method: string, path: string): Promise<Response> {
    try {
      const headers: Record<string, string> = this.#token === null ? {} : { authorization: `Bearer ${this.#token}` }
      return await fetch(`${this.#base}${path}`, { method, headers, redirect: 'error' })
    } catch (error) {
      const cause = error instanceof Error && error.cause !== undefined ? messageOf(error.cause) : messageOf(error)
      throw new CallFailedError(
        `no agent answers at ${this.#base} (${cause}); start one with "millrace agent", or name its address with --address`,
        { cause: error },
      )
    }
  }
}

/**
 * The first token of a file, as `--api-token-file` has them: one a line.
 *
 * @throws CallFailedError when the file cannot be read or holds none
 */
export function readToken(path: string): string {
  const token = contentOf(path)
    .split('\n')
    .map((line) => line.trim())
    .find((line) => line !== '')
  if (token === undefined || !/^[\x21-\x7e]+$/.test(token))
    throw new CallFailedError(`--token-file ${path} holds no token; copy the agent's --api-token-file there`)
  return token
}

function contentOf(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw new CallFailedError(`--token-file ${path} cannot be read: ${messageOf(error)}`, { cause: error })
  }
}

function problemText(status: number, text: string): string {
  try {
    const problem = JSON.parse(text) as { title?: string; detail?: string }
    return problem.detail ?? problem.title ?? `the agent answered ${status}`
  } catch {
    return `the agent answered ${status}`
  }
}
