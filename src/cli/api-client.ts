/** Calls a running agent's Dkron API. */
import { MillraceError, messageOf } from '../core/errors.ts'

/** The agent answered with an error, or did not answer. */
export class CallFailedError extends MillraceError {
  readonly code = 'CLI_CALL_FAILED'
  readonly remedy = 'operator'
}

export class ApiClient {
  readonly #base: string

  /** @param address host:port, or a URL */
  constructor(address: string) {
    this.#base = (/^https?:\/\//.test(address) ? address : `http://${address}`).replace(/\/+$/, '')
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
    if (!response.ok) throw new CallFailedError(problemText(response.status, text))
    return text.trimEnd()
  }

  async #fetch(method: string, path: string): Promise<Response> {
    try {
      return await fetch(`${this.#base}${path}`, { method })
    } catch (error) {
      const cause = error instanceof Error && error.cause !== undefined ? messageOf(error.cause) : messageOf(error)
      throw new CallFailedError(
        `no agent answers at ${this.#base} (${cause}); start one with "millrace agent", or name its address with --address`,
        { cause: error },
      )
    }
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
