/**
 * The target half of a replication job: runs again and again from the checkpoint, and answers where the source task
 * begins.
 *
 * Easy to get wrong: an answer to `resume` makes all older frames void, so it is given only between two runs. A request
 * ends the run under way; the checkpoint row's lock makes sure that what that run still had on its way is counted.
 */
import { backoffMs } from '../../core/backoff.ts'
import { MillraceError, UnavailableError } from '../../core/errors.ts'
import { LockConflictError } from '../../mysql/errors.ts'
import { SameServerError } from '../errors.ts'
import type { ResumeAnswer, ResumePoint, ResumeRefusal, ResumeRequest } from '../handshake.ts'
import type { TargetTaskContext } from '../task-context.ts'
import { CheckpointStore } from './checkpoint-store.ts'
import { CopyStore } from './copy-store.ts'
import { ApplyError, FrameGapError, RowMissingError, StaleOwnerError } from './errors.ts'
import { Progress } from './progress.ts'
import { TargetConnections } from './target-connections.ts'
import { TargetRun } from './target-run.ts'
import { TargetStatus } from './target-status.ts'

const retryPolicy = { firstMs: 250, maxMs: 15_000 }
const operatorPauseMs = 30_000
const rewindTimeoutMs = 5_000
const rewindPauseMs = 3_000
/** After a lock conflict groups are applied one after another for this long at least. */
const serialMs = 30_000

/** Why a run ended without having failed. */
class ResumeAsked extends Error {}

/**
 * Runs until `signal` aborts: heals by itself, and says in its reports what is wrong meanwhile. A newer owner, or the
 * end of a migration, ends the work but not the task, which then waits to be stopped.
 */
export async function runTargetTask(context: TargetTaskContext, signal: AbortSignal): Promise<void> {
  await new TargetTask(context, signal).run()
}

class TargetTask {
  readonly #context: TargetTaskContext
  readonly #signal: AbortSignal
  readonly #progress: Progress
  readonly #status: TargetStatus
  readonly #checkpoints: CheckpointStore
  #turn: Promise<void> = Promise.resolve()
  #wake = new AbortController()
  #isOver = false
  #isolates = false
  #serialUntilMs: number | null = null
  #seenEpoch = 0
  /** The greatest term of a source task that asked. */
  #sourceTerm = 0
  /** How often that one has asked. */
  #sourceAttempt = 0
  /** Requests to resume that are not answered yet: no run begins before them. */
  #requests = 0

  constructor(context: TargetTaskContext, signal: AbortSignal) {
    this.#context = context
    this.#signal = signal
    this.#progress = new Progress(context.clock)
    this.#status = new TargetStatus(context, this.#progress)
    this.#checkpoints = new CheckpointStore(context.job.id, context.ownerTerm)
  }

  async run(): Promise<void> {
    const reporting = this.#status.keepReporting(this.#signal)
    this.#context.link.serve('resume', (request) => this.#answerResume(readRequest(request)), this.#signal)
    for (let failures = 0; !this.#signal.aborted && !this.#isOver; ) {
      const before = this.#progress.transactionsTotal + this.#progress.rowsTotal
      const error = await this.#inTurn(() => this.#runOnce())
      if (this.#signal.aborted || error === null) break
      if (error instanceof ResumeAsked) continue
      failures = this.#progress.transactionsTotal + this.#progress.rowsTotal > before ? 1 : failures + 1
      await this.#recover(error, failures)
    }
    this.#status.tell()
    await reporting
  }

  /** @returns what ended the run; null when there is nothing left to do */
  async #runOnce(): Promise<unknown> {
    this.#wake = new AbortController()
    if (this.#requests > 0) return new ResumeAsked('the source task begins again')
    const signal = AbortSignal.any([this.#signal, this.#wake.signal])
    try {
      await using connections = await TargetConnections.open(this.#context, this.#checkpoints, null)
      if (connections.checkpoint.stage !== 'complete') await this.#apply(connections, signal)
      this.#status.standsAt('complete', connections.checkpoint.position, connections.checkpoint.committedMicros, false)
      this.#isOver = true
      return null
    } catch (error) {
      return this.#wake.signal.aborted ? this.#wake.signal.reason : error
    }
  }

  async #apply(connections: TargetConnections, signal: AbortSignal): Promise<void> {
    const frames = await this.#context.openSource()
    try {
      const run = new TargetRun({
        context: this.#context,
        connections,
        checkpoints: this.#checkpoints,
        frames,
        progress: this.#progress,
        status: this.#status,
        isolates: this.#isolates,
        serialUntilMs: this.#serialUntilMs,
      })
      this.#isolates = false
      const dropConnections = () => connections[Symbol.asyncDispose]()
      signal.addEventListener('abort', dropConnections, { once: true })
      await run.run(signal)
    } finally {
      await frames.close()
    }
  }

  async #recover(error: unknown, failures: number): Promise<void> {
    const { log } = this.#context
    if (error instanceof StaleOwnerError) {
      this.#isOver = true
      this.#status.failed(error)
      log.warn({ err: error.message }, 'another task owns the job now')
      return
    }
    if (error instanceof FrameGapError) {
      await this.#askRewind(error)
      return
    }
    const isRetry = error instanceof MillraceError && error.remedy === 'retry'
    this.#isolates = isInexact(error)
    if (error instanceof LockConflictError) this.#serialUntilMs = this.#context.clock.monotonicMs() + serialMs
    // A deadlock that the next try gets past is nothing to worry anybody with.
    if (!isRetry || failures > 1) this.#status.failed(error)
    log.warn(
      { err: error instanceof Error ? (error.stack ?? error.message) : String(error), failures },
      'applying stopped and is tried again',
    )
    const pauseMs = isRetry || this.#isolates ? backoffMs(retryPolicy, failures, Math.random) : operatorPauseMs
    await this.#pause(pauseMs)
  }

  async #askRewind(error: FrameGapError): Promise<void> {
    const { link, job, log } = this.#context
    this.#seenEpoch = Math.max(this.#seenEpoch, Number(error.details['epoch'] ?? 0))
    this.#status.waitsFor(`asked the source task to begin again: ${error.message}`)
    log.info({ reason: error.message }, 'the source task is asked to begin again')
    await link
      .request('rewind', { jobId: job.id, reason: error.message }, rewindTimeoutMs)
      .catch((failure: unknown) => {
        log.info({ err: String(failure) }, 'the source task did not answer')
      })
    await this.#pause(rewindPauseMs)
  }

  /** Sleeps, unless the source asks to resume. */
  async #pause(ms: number): Promise<void> {
    const signal = AbortSignal.any([this.#signal, this.#wake.signal])
    await this.#context.clock.sleep(ms, signal).catch(() => {})
  }

  async #answerResume({ ownerTerm, attempt, sourceMark }: AskedToResume): Promise<ResumeAnswer | ResumeRefusal> {
    if (ownerTerm < this.#sourceTerm) return { newerTerm: this.#sourceTerm }
    const isLate = ownerTerm === this.#sourceTerm && attempt !== null && attempt <= this.#sourceAttempt
    if (isLate) throw new UnavailableError('a later request of the source task has been taken')
    this.#sourceTerm = ownerTerm
    this.#sourceAttempt = attempt ?? 0
    this.#requests += 1
    this.#wake.abort(new ResumeAsked('the source task begins again'))
    return this.#inTurn(() => this.#beginEpoch(sourceMark))
      .catch((error: unknown) => {
        if (error instanceof SameServerError) return { sameServer: error.message }
        throw error
      })
      .finally(() => {
        this.#requests -= 1
      })
  }

  async #beginEpoch(sourceMark: string | null): Promise<ResumeAnswer> {
    const asked = { raiseEpochTo: this.#seenEpoch + 1, sourceMark }
    await using connections = await TargetConnections.open(this.#context, this.#checkpoints, asked)
    const { checkpoint } = connections
    if (checkpoint.stage === 'complete') throw new UnavailableError('the migration is complete; nothing is to be sent')
    const copies = new CopyStore(this.#checkpoints)
    const from = await resumePoint(connections, copies)
    this.#context.log.info({ epoch: checkpoint.epoch, kind: from.kind }, 'the source task begins again')
    return { epoch: checkpoint.epoch, from }
  }

  /** One at a time: runs and answers. */
  #inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const result = this.#turn.then(work)
    this.#turn = result.then(
      () => {},
      () => {},
    )
    return result
  }
}

interface AskedToResume {
  readonly ownerTerm: number
  readonly attempt: number | null
  readonly sourceMark: string | null
}

function readRequest(request: unknown): AskedToResume {
  const { ownerTerm = 0, attempt = null, sourceMark = null } = (request ?? {}) as Partial<ResumeRequest>
  return { ownerTerm, attempt, sourceMark }
}

async function resumePoint({ checkpoint, plain }: TargetConnections, copies: CopyStore): Promise<ResumePoint> {
  const { stage, position } = checkpoint
  if (stage === 'fresh' || position === null) return { kind: 'fresh' }
  if (stage === 'copying') return { kind: 'copying', position, tables: await copies.copiedTables(plain) }
  return { kind: 'streaming', position }
}

/** True when the next try should go row by row, so that its error names the row. */
function isInexact(error: unknown): boolean {
  return (error instanceof ApplyError || error instanceof RowMissingError) && error.details['isExact'] === false
}
