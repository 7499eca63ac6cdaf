/**
 * What goes wrong in a page without anybody seeing it: errors on the console, exceptions, violations of the
 * Content-Security-Policy, requests that fail or are refused, and requests to any other host.
 *
 * Easy to get wrong: a page that is left, or a stream that it ends itself, is an aborted request, which is no problem.
 */
import type { ConsoleMessage, Page, Request } from 'playwright-core'

// Chromium's own words for an answer of 400 and more, which is recorded with its address below.
const answeredBadly = /^Failed to load resource: the server responded with a status of/
const lostConnection = /^Failed to load resource: net::/

export class BrowserProblems {
  readonly #found: string[] = []
  readonly #allowed: RegExp[] = []
  #isOver = false

  constructor(page: Page, origin: string) {
    page.on('console', (message) => this.#onConsole(message))
    page.on('pageerror', (error) => this.#add(`exception: ${error.stack ?? error.message}`))
    page.on('requestfailed', (request) => this.#onFailed(request))
    page.on('request', (request) => {
      const url = new URL(request.url())
      if (url.origin !== origin && url.protocol !== 'data:' && url.protocol !== 'blob:')
        this.#add(`request to another host: ${request.url()}`)
    })
    page.on('response', (response) => {
      if (response.status() >= 400)
        this.#add(`${response.status()} for ${response.request().method()} ${response.url()}`)
    })
  }

  /** Problems that match are expected, those seen before included. */
  allow(...patterns: readonly RegExp[]): void {
    this.#allowed.push(...patterns)
  }

  /** What was not allowed. */
  get unexpected(): readonly string[] {
    return this.#found.filter((problem) => !this.#allowed.some((pattern) => pattern.test(problem)))
  }

  /** Whatever comes later is of the page's end. */
  end(): void {
    this.#isOver = true
  }

  #onConsole(message: ConsoleMessage): void {
    const text = message.text()
    if (message.type() !== 'error' || answeredBadly.test(text) || lostConnection.test(text)) return
    this.#add(`console: ${text} (${message.location().url})`)
  }

  #onFailed(request: Request): void {
    const reason = request.failure()?.errorText ?? 'unknown'
    if (reason !== 'net::ERR_ABORTED') this.#add(`failed: ${request.method()} ${request.url()}: ${reason}`)
  }

  #add(problem: string): void {
    if (!this.#isOver) this.#found.push(problem)
  }
}
