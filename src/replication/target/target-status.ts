/** What the target task tells about itself, about once a second and at every turn. */
import { formatPosition, type Position } from '../../binlog/position.ts'
import { MillraceError, messageOf } from '../../core/errors.ts'
import { cureIn } from '../preflight/finding.ts'
import type { TargetTaskContext, TaskProblem, TaskReport, TaskStage } from '../task-context.ts'
import type { StrategyName } from './apply-strategy.ts'
import type { CheckpointStage } from './checkpoint.ts'
import type { Progress } from './progress.ts'

const everyMs = 1_000
const mostNotes = 20
/** The source gives a sign of life every second; without one for longer, lag is how old the last one is. */
const freshMs = 3_000
/** Some servers tell only the second of a commit: others of the same second may still be to come. */
const commitDoubtMs = 1_000
/** A run that lasts this long has got past the problem of the one before. */
const steadyMs = 5_000

export class TargetStatus {
  readonly #context: TargetTaskContext
  readonly #progress: Progress
  readonly #notes = new Set<string>()
  #stage: CheckpointStage | null = null
  #position: Position | null = null
  #committedMicros: bigint | null = null
  #heartbeatMicros: bigint | null = null
  /** The lag that the last transaction or heartbeat had when it was there, and when that was. */
  #lagAtSign = { lagMs: 0, atMs: Number.NEGATIVE_INFINITY }
  /** See TaskReport. */
  #appliedUpTo: number | null = null
  #isBehind = false
  #strategy: StrategyName | null = null
  #problem: TaskProblem | null = null
  #waitsFor: string | null = null
  #runSinceMs: number | null = null
  /** Bytes in the queues of the run under way. */
  queuedBytes: () => number = () => 0

  constructor(context: TargetTaskContext, progress: Progress) {
    this.#context = context
    this.#progress = progress
  }

  /** Reports until `signal` aborts. */
  async keepReporting(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      this.tell()
      await this.#context.clock.sleep(everyMs, signal).catch(() => {})
    }
  }

  /** Something the user should know that is no error; each once. */
  note(note: string): void {
    if (this.#notes.has(note) || this.#notes.size >= mostNotes) return
    this.#notes.add(note)
    this.#context.log.info({ note }, 'target differs from the source by intention')
  }

  strategyIs(name: StrategyName): void {
    this.#strategy = name
    this.tell()
  }

  standsAt(stage: CheckpointStage, position: Position | null, committedMicros: bigint | null, isBehind: boolean): void {
    const isNewStage = stage !== this.#stage
    this.#stage = stage
    this.#position = position
    if (committedMicros !== this.#committedMicros) {
      this.#heartbeatMicros = null
      if (committedMicros !== null) this.#noteSign(committedMicros, commitDoubtMs)
    }
    this.#committedMicros = committedMicros
    this.#isBehind = isBehind
    if (isNewStage) this.tell()
  }

  /** Connected; a problem of before is over when this lasts. */
  runBegins(): void {
    this.#runSinceMs = this.#context.clock.monotonicMs()
  }

  /** Something was committed: no problem of before is left. */
  goesWell(): void {
    if (this.#problem === null && this.#waitsFor === null) return
    this.#problem = null
    this.#waitsFor = null
    this.#context.report(this.#report())
  }

  /** The source had nothing more at that time. */
  heartbeat(sourceMicros: bigint): void {
    const isFirst = this.#lagMs() === null
    this.#heartbeatMicros = sourceMicros
    this.#isBehind = false
    this.#noteSign(sourceMicros, 0)
    // Whoever waits for a copy's end learns by it that the target is where the source is.
    if (isFirst && this.#lagMs() !== null) this.tell()
  }

  waitsFor(what: string): void {
    this.#runSinceMs = null
    this.#waitsFor = what
    this.tell()
  }

  /** Stays in the report until applying goes on. */
  failed(error: unknown): void {
    this.#runSinceMs = null
    const isOurs = error instanceof MillraceError
    const place =
      this.#position === null ? '' : `; the target stands at source position ${formatPosition(this.#position)}`
    this.#problem = {
      code: isOurs ? error.code : 'INTERNAL',
      message: `${messageOf(error)}${place}`,
      remedy: isOurs ? error.remedy : 'bug',
      at: this.#context.clock.now(),
      ...cureIn(error),
    }
    this.tell()
  }

  tell(): void {
    const { clock } = this.#context
    if (this.#runSinceMs !== null && clock.monotonicMs() - this.#runSinceMs > steadyMs) this.goesWell()
    this.#context.report(this.#report())
  }

  #report(): TaskReport {
    const progress = this.#progress
    const rates = progress.rates()
    const stage = this.#taskStage()
    return {
      role: 'target',
      stage,
      description: this.#description(stage),
      problem: this.#problem,
      tables: progress.ratedTables(),
      rowsTotal: progress.rowsTotal,
      bytesTotal: progress.bytesTotal,
      transactionsTotal: progress.transactionsTotal,
      ...rates,
      lagMs: this.#lagMs(),
      appliedUpTo: this.#appliedUpTo,
      position: this.#position === null ? '' : formatPosition(this.#position),
      etaMs: stage === 'full' ? progress.etaMs(rates) : null,
      strategy: this.#strategy,
      ddlTotal: progress.ddlTotal,
      queuedBytes: this.queuedBytes(),
      ddl: progress.ddl,
      notes: [...this.#notes],
    }
  }

  #taskStage(): TaskStage {
    switch (this.#stage) {
      case 'copying':
        return 'full'
      case 'streaming':
        return 'incremental'
      case 'complete':
        return 'complete'
      default:
        return 'starting'
    }
  }

  /** How long the last transaction, or heartbeat, was under way; without either, how old the last one is by now. */
  #lagMs(): number | null {
    const micros = this.#heartbeatMicros ?? this.#committedMicros
    if (this.#stage !== 'streaming' || micros === null) return null
    const { lagMs, atMs } = this.#lagAtSign
    return this.#context.clock.monotonicMs() - atMs > freshMs ? this.#ageMs(micros) : lagMs
  }

  #noteSign(sourceMicros: bigint, doubtMs: number): void {
    const { clock } = this.#context
    const lagMs = this.#ageMs(sourceMicros)
    this.#lagAtSign = { lagMs, atMs: clock.monotonicMs() }
    this.#appliedUpTo = clock.now() - lagMs - doubtMs
  }

  #ageMs(micros: bigint): number {
    return Math.max(0, this.#context.clock.now() - Number(micros / 1000n))
  }

  #description(stage: TaskStage): string {
    const { host, port } = this.#context.server
    const where = `${host}:${port}`
    const notes = this.#notes.size === 0 ? '' : ` (${[...this.#notes].join('; ')})`
    if (this.#problem !== null) return `${this.#problem.message}${notes}`
    if (this.#waitsFor !== null) return `${this.#waitsFor}${notes}`
    switch (stage) {
      case 'starting':
        return `waits at the target ${where} for the source task${notes}`
      case 'full':
        return `writes the copy to the target ${where}${notes}`
      case 'incremental':
        return `${this.#isBehind ? 'catches up' : 'applies changes'} at the target ${where}${notes}`
      case 'complete':
        return `the migration to the target ${where} is complete; nothing is applied any more${notes}`
    }
  }
}
