/**
 * Loads one thing again and again as it is asked to, one request at a time.
 *
 * Easy to get wrong: asking while a request runs must neither start a second one nor end the first, or a thing that
 * changes all the time is never shown; it is loaded once more afterwards instead.
 */
import { type ApiError, asApiError } from '../api/api-error.ts'
import { Pacer } from './pacer.ts'

export interface Loaded<T> {
  /** The newest that came; undefined before the first answer. */
  readonly data: T | undefined
  /** Why the newest request failed; `data` is then older. */
  readonly error: ApiError | null
  readonly isLoading: boolean
}

export type Get<T> = (path: string, signal: AbortSignal) => Promise<T>

export class Loader<T> {
  readonly #get: Get<T>
  readonly #show: (loaded: Loaded<T>) => void
  readonly #pacer: Pacer
  #loaded: Loaded<T> = { data: undefined, error: null, isLoading: false }
  #path: string | null = null
  #running: AbortController | null = null
  #isAskedAgain = false

  /** @param everyMs shortest time between two requests for the same path */
  constructor(get: Get<T>, show: (loaded: Loaded<T>) => void, everyMs: number) {
    this.#get = get
    this.#show = show
    this.#pacer = new Pacer(() => void this.#load(), everyMs)
  }

  /** Loads another path at once; what is shown stays until its answer comes. */
  open(path: string | null): void {
    this.#running?.abort()
    this.#running = null
    this.#path = path
    if (path === null) this.#change({ isLoading: false })
    else void this.#load()
  }

  /** Loads again, at once or as soon as it is time. */
  ask(): void {
    if (this.#path === null) return
    if (this.#running !== null) this.#isAskedAgain = true
    else this.#pacer.ask()
  }

  stop(): void {
    this.#running?.abort()
    this.#running = null
    this.#path = null
    this.#pacer.stop()
  }

  async #load(): Promise<void> {
    if (this.#path === null || this.#running !== null) return
    const ending = new AbortController()
    this.#running = ending
    this.#isAskedAgain = false
    this.#pacer.note()
    this.#change({ isLoading: true })
    const outcome = await this.#get(this.#path, ending.signal).then(
      (data) => ({ data, error: null }),
      (error: unknown) => ({ error: asApiError(error) }),
    )
    if (ending.signal.aborted) return
    this.#running = null
    this.#change({ ...outcome, isLoading: false })
    if (this.#isAskedAgain) this.#pacer.ask()
  }

  #change(change: Partial<Loaded<T>>): void {
    this.#loaded = { ...this.#loaded, ...change }
    this.#show(this.#loaded)
  }
}
