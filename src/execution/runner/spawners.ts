/**
 * Hands launches to the runner's spawners: the second one takes part when several commands are due at once.
 *
 * Why two: a spawner stands still while the process that it forked becomes the command, and a command that is alone waits for
 * nobody. Two of them keep two processors busy; more would only take turns (measured with two).
 *
 * Easy to get wrong: what a spawner holds cannot be taken from it again. So both are given little until the first has
 * answered: when nothing moves, what waits still waits here, and starts in its order later. And answers go on together: what
 * the runner does with each takes as long as a fork, and would be done in the place of the next.
 */
import type { Clock } from '../../core/clock.ts'
import type { Log } from '../../core/log.ts'
import { SpawnerLink } from './spawner-link.ts'
import type { LaunchAnswer, LaunchRequest } from './spawner-process.ts'

/** One that it works on, and one so that it need not wait for the next. */
const heldAtFirst = 2
/** While launches are answered. */
const mostHeld = 8
/** Answers that are held back while launches wait for theirs. */
const mostAnswers = 16
const longestHoldMs = 10

interface Waiting {
  readonly request: LaunchRequest
  readonly resolve: (answer: LaunchAnswer) => void
}

interface Answered {
  readonly answer: LaunchAnswer
  readonly resolve: (answer: LaunchAnswer) => void
}

export class Spawners {
  readonly #first: SpawnerLink
  readonly #second: SpawnerLink
  readonly #waiting: Waiting[] = []
  #answered: Answered[] = []
  #holding: NodeJS.Timeout | null = null
  /** The first one has answered since it last had nothing to do. */
  #isMoving = false
  /** What the second one was given since then, or since the first one last answered. */
  #givenAhead = 0

  private constructor(first: SpawnerLink, second: SpawnerLink) {
    this.#first = first
    this.#second = second
  }

  /** Ends an earlier runner's spawners, then starts the first one. */
  static async open(dir: string, clock: Clock, log: Log): Promise<Spawners> {
    const first = await SpawnerLink.open(dir, 'spawner', clock, log)
    const second = await SpawnerLink.open(dir, 'spawner-2', clock, log)
    first.start()
    return new Spawners(first, second)
  }

  /** What commands get that are launched from now on. */
  configure(env: Readonly<Record<string, string>>, workingDir: string): void {
    this.#first.configure(env, workingDir)
    this.#second.configure(env, workingDir)
  }

  /** Never rejects. Launches begin in the order of these calls, those of the two spawners side by side. */
  launch(request: LaunchRequest): Promise<LaunchAnswer> {
    if (this.#waiting.length + this.#first.load + this.#second.load === 0) this.#givenAhead = 0
    return new Promise((resolve) => {
      this.#waiting.push({ request, resolve })
      this.#handOut()
    })
  }

  close(): void {
    this.#first.close()
    this.#second.close()
  }

  #handOut(): void {
    for (let link = this.#free(); link !== null && this.#waiting.length > 0; link = this.#free()) {
      const next = this.#waiting.shift()
      if (link === this.#second) this.#givenAhead += 1
      if (next !== undefined) void this.#launch(link, next)
    }
  }

  async #launch(link: SpawnerLink, { request, resolve }: Waiting): Promise<void> {
    const answer = await link.launch(request)
    const isAlive = answer.kind === 'spawned' || answer.kind === 'failed'
    if (link === this.#first) {
      this.#isMoving = isAlive && (link.load > 0 || this.#waiting.length > 0)
      this.#givenAhead = 0
    }
    this.#answered.push({ answer, resolve })
    this.#handOut()
    const isLast = this.#waiting.length + this.#first.load + this.#second.load === 0
    if (isLast || this.#answered.length >= mostAnswers) this.#tellAnswers()
    else this.#holding ??= setTimeout(() => this.#tellAnswers(), longestHoldMs)
  }

  #tellAnswers(): void {
    if (this.#holding !== null) clearTimeout(this.#holding)
    this.#holding = null
    const answered = this.#answered
    this.#answered = []
    for (const { answer, resolve } of answered) resolve(answer)
  }

  /** The one to give the next launch to, or null. */
  #free(): SpawnerLink | null {
    const first = this.#first
    const most = this.#isMoving ? mostHeld : heldAtFirst
    const second = first.load > 0 && (this.#isMoving || this.#givenAhead < heldAtFirst) ? this.#helper() : null
    if (second !== null && second.load < Math.min(first.load, most)) return second
    return first.load < most ? first : null
  }

  /** The second one, started when it is wanted for the first time. */
  #helper(): SpawnerLink | null {
    if (this.#waiting.length === 0) return null
    this.#second.start()
    return this.#second.isReady ? this.#second : null
  }
}
