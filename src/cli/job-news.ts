/**
 * Says when executions of a job may have begun or ended, or the job is gone, by the agent's events.
 *
 * Easy to get wrong: asking for a job's fires makes the agent read its history, so nobody may do that all the time; and what
 * happened while no connection was there is told by nobody, so each new connection is news. Whoever waits may stop doing so
 * at any time; no timer may be left that keeps the command from ending.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { slugOf } from '../model/scheduled-job.ts'
import type { ApiClient } from './api-client.ts'
import type { ServerEvent } from './event-stream.ts'

/** Without any news so long, it is looked all the same. */
const longestWaitMs = 15_000
const reconnectAfterMs = 500

export class JobNews implements AsyncDisposable {
  readonly #ending = new AbortController()
  readonly #listening: Promise<void>
  #news = Promise.withResolvers<void>()

  constructor(client: ApiClient, name: string) {
    this.#listening = this.#listen(client.until(this.#ending.signal), slugOf(name))
  }

  /** Resolves when there was news since the last call, some seconds have passed, or nobody listens any more. */
  async next(): Promise<void> {
    const waiting = new AbortController()
    const signal = AbortSignal.any([waiting.signal, this.#ending.signal])
    const longest = sleep(longestWaitMs, undefined, { signal }).catch(() => {})
    await Promise.race([this.#news.promise, longest])
    waiting.abort()
    this.#news = Promise.withResolvers()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending.abort()
    await this.#listening
  }

  async #listen(client: ApiClient, job: string): Promise<void> {
    while (!this.#ending.signal.aborted) {
      try {
        for await (const event of client.events('/ops/events')) if (isAbout(event, job)) this.#news.resolve()
      } catch {
        // Whoever asks the agent next is told what is wrong with it.
      }
      await sleep(reconnectAfterMs, undefined, { signal: this.#ending.signal }).catch(() => {})
    }
  }
}

/** @param job its own name */
export function isAbout({ event, data }: ServerEvent, job: string): boolean {
  if (event === 'hello') return true
  if (event === 'scheduled-jobs') {
    const { names, more } = data as { readonly names: readonly string[]; readonly more: boolean }
    return more || names.includes(job)
  }
  if (event !== 'executions') return false
  const { items, more } = data as { readonly items: readonly { readonly job: string }[]; readonly more: boolean }
  return more || items.some((item) => item.job === job)
}
