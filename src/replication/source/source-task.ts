/**
 * The source task: runs one after another, each from a handshake with the target, until it is told to stop.
 *
 * Easy to get wrong: nothing is kept between runs but what was counted. Where to begin is asked of the target each time.
 */
import { backoffMs } from '../../core/backoff.ts'
import { MillraceError, messageOf } from '../../core/errors.ts'
import { Scope } from '../../core/scope.ts'
import { cureIn } from '../preflight/finding.ts'
import type { SourceTaskContext, TaskProblem } from '../task-context.ts'
import { RewindRequestedError } from './errors.ts'
import { type SourceTuning, setUpRun } from './run-setup.ts'
import { type RunFigures, SourceProgress } from './source-progress.ts'
import type { SourceRun } from './source-run.ts'
import type { BrokenTransactions } from './transaction-pass.ts'

const retryPolicy = { firstMs: 250, maxMs: 15_000 }
const operatorRetryMs = 30_000
const reportMs = 1_000
/** A run that lasted this long was a success: the next failure is a first one. */
const steadyMs = 30_000

/** Runs until `signal` aborts; heals by itself and says in its reports what it waits for. Never throws. */
export async function runSourceTask(
  context: SourceTaskContext,
  signal: AbortSignal,
  tuning: SourceTuning = {},
): Promise<void> {
  await new SourceTask(context, signal, tuning).run()
}

class SourceTask {
  readonly #context: SourceTaskContext
  readonly #signal: AbortSignal
  readonly #progress: SourceProgress
  readonly #tuning: SourceTuning
  readonly #broken: BrokenTransactions = new Set()
  #run: SourceRun | null = null
  #attempts = 0
  #description = 'starts'
  #problem: TaskProblem | null = null
  #stopRun: ((reason: unknown) => void) | null = null

  constructor(context: SourceTaskContext, signal: AbortSignal, tuning: SourceTuning) {
    this.#tuning = tuning
    this.#context = context
    this.#signal = signal
    this.#progress = new SourceProgress(context.clock)
  }

  async run(): Promise<void> {
    const { link, clock } = this.#context
    link.serve('rewind', async (payload) => this.#rewind(payload), this.#signal)
    const reporting = this.#keepReporting()
    for (let attempt = 1; !this.#signal.aborted; attempt += 1) {
      const startedMs = clock.monotonicMs()
      const error = await this.#runOnce()
      if (this.#signal.aborted) break
      if (clock.monotonicMs() - startedMs > steadyMs) attempt = 1
      await this.#waitAfter(error, attempt)
    }
    await reporting
  }

  async #rewind(payload: unknown): Promise<{ readonly accepted: true }> {
    const reason = (payload as { readonly reason?: unknown } | null)?.reason
    this.#stopRun?.(new RewindRequestedError(`the target asked to begin again: ${String(reason)}`))
    return { accepted: true }
  }

  /** @returns what ended the run */
  async #runOnce(): Promise<unknown> {
    const stop = new AbortController()
    this.#stopRun = (reason) => stop.abort(reason)
    const signal = AbortSignal.any([this.#signal, stop.signal])
    const scope = new Scope()
    try {
      const say = (description: string) => {
        this.#description = description
      }
      this.#attempts += 1
      const more = { broken: this.#broken, tuning: this.#tuning, attempt: this.#attempts, say }
      const parts = { context: this.#context, scope, signal, ...more }
      this.#run = await setUpRun(parts)
      this.#problem = null
      this.#report()
      return await this.#run.run(signal)
    } catch (error) {
      return signal.aborted ? signal.reason : error
    } finally {
      this.#stopRun = null
      this.#report()
      this.#run = null
      this.#progress.runEnded()
      await this.#close(scope)
    }
  }

  async #close(scope: Scope): Promise<void> {
    await scope.close().catch((error: unknown) => {
      this.#context.log.debug({ reason: messageOf(error) }, 'closing a run of the source task failed')
    })
  }

  async #waitAfter(error: unknown, attempt: number): Promise<void> {
    const { clock, log, job } = this.#context
    const remedy = error instanceof MillraceError ? error.remedy : 'bug'
    const code = error instanceof MillraceError ? error.code : 'INTERNAL'
    this.#problem = { code, message: messageOf(error), remedy, at: clock.now(), ...cureIn(error) }
    this.#description = messageOf(error)
    const delayMs = remedy === 'retry' ? backoffMs(retryPolicy, attempt, Math.random) : operatorRetryMs
    const facts = { jobId: job.id, code, attempt, delayMs, reason: messageOf(error) }
    if (error instanceof RewindRequestedError) log.info(facts, 'source task begins again')
    else if (remedy === 'bug') log.error({ ...facts, err: error }, 'source task failed')
    else log.warn(facts, 'source task waits to begin again')
    this.#report()
    await clock.sleep(delayMs, this.#signal).catch(() => {})
  }

  async #keepReporting(): Promise<void> {
    const { clock } = this.#context
    while (!this.#signal.aborted) {
      this.#report()
      await clock.sleep(reportMs, this.#signal).catch(() => {})
    }
  }

  #report(): void {
    const figures = this.#run?.figures ?? this.#figuresOfNothing()
    this.#context.report(this.#progress.report(figures, this.#problem))
  }

  #figuresOfNothing(): RunFigures {
    return {
      stage: 'starting',
      description: this.#description,
      tables: [],
      position: '',
      transactionsTotal: 0,
      ddlTotal: 0,
      bytesTotal: 0,
      queuedBytes: 0,
      backlogBytes: null,
    }
  }
}
