/**
 * Keeps one task of one job running on this node, from its assignment until it is told to stop: claims the task under a
 * new term, starts its process, passes on what it tells, and starts it again when it ends.
 *
 * Easy to get wrong: the term is raised before every start, not only when a task moves, so that a half-dead process of
 * an earlier start on this very node is fenced like one elsewhere.
 */
import { backoffMs } from '../../core/backoff.ts'
import type { Clock } from '../../core/clock.ts'
import { ConflictError } from '../../core/errors.ts'
import type { Log } from '../../core/log.ts'
import type { Bucket } from '../../model/bucket.ts'
import type { ReplicationJob, TaskRole } from '../../model/replication-job.ts'
import type { TaskReport } from '../task-context.ts'
import { type Assignment, definitionOf, nextOwnerTerm, taskKey } from './assignment.ts'
import { TaskSilentError } from './errors.ts'
import type { ExitInfo, TaskLauncher, TaskProcess } from './ports.ts'
import { ReportWriter } from './report-writer.ts'
import { takenOverStatus } from './task-messages.ts'
import { emptyReport, endedError, problemOf } from './task-problem.ts'
import { boundedReport, copyTotals, hasMoved, type TaskReportRecord } from './task-report-record.ts'

export interface TaskKeeperParts {
  readonly nodeId: string
  readonly nodeName: string
  readonly assignments: Bucket<Assignment>
  readonly reports: Bucket<TaskReportRecord>
  readonly launcher: TaskLauncher
  readonly clock: Clock
  readonly log: Log
}

const restartPolicy = { firstMs: 500, maxMs: 15_000 }
/** A process that lived this long did not end "in a row" with the one before. */
const steadyMs = 60_000
/** A process that tells nothing for this long is killed: it reports every second, so its event loop must be stuck. */
const silentMs = 60_000
const stopTimeoutMs = 10_000
const forgetTimeoutMs = 30_000
/** Between finding that the task is somebody else's and looking again. */
const notOursMs = 200

/** `deleted`: the job is gone. `moved`: another node has the task now. `rest`: paused, changed, or the agent ends. */
export type StopReason = 'deleted' | 'moved' | 'rest'

type End =
  | { readonly kind: 'exited'; readonly exit: ExitInfo }
  | { readonly kind: 'silent' }
  | { readonly kind: 'told' }

export class TaskKeeper {
  readonly job: ReplicationJob
  readonly role: TaskRole
  /** Resolves when its process is gone and nothing more will be written. */
  readonly ended: Promise<void>
  readonly #parts: TaskKeeperParts
  readonly #writer: ReportWriter
  readonly #stopping = new AbortController()
  #stopReason: StopReason = 'rest'
  #hasForgotten = false
  #ownerTerm: number | null = null
  #last: TaskReportRecord | null = null
  #heardAtMs = 0
  #movedAtMs = 0

  constructor(job: ReplicationJob, role: TaskRole, parts: TaskKeeperParts) {
    this.job = job
    this.role = role
    this.#parts = parts
    const { clock, log, reports } = parts
    this.#writer = new ReportWriter({ bucket: reports, key: taskKey(job.id, role), clock, log })
    this.ended = this.#run()
  }

  /** The newest term it has claimed; null before the first. */
  get ownerTerm(): number | null {
    return this.#ownerTerm
  }

  get isStopping(): boolean {
    return this.#stopping.signal.aborted
  }

  /** True when its process was there to hear that the job was deleted. */
  get hasForgotten(): boolean {
    return this.#hasForgotten
  }

  stop(reason: StopReason): void {
    if (this.isStopping) return
    this.#stopReason = reason
    this.#stopping.abort()
  }

  async #run(): Promise<void> {
    const { clock, log } = this.#parts
    const { signal } = this.#stopping
    let endsInARow = 0
    while (!signal.aborted) {
      const startedAtMs = clock.monotonicMs()
      let failure: unknown = null
      try {
        if (!(await this.#claim())) {
          await clock.sleep(notOursMs, signal).catch(() => undefined)
          break
        }
        const end = await this.#runProcess()
        if (end.kind === 'told') break
        if (end.kind === 'exited' && end.exit.code === takenOverStatus && !(await this.#isStillOurs())) break
        endsInARow = clock.monotonicMs() - startedAtMs >= steadyMs ? 1 : endsInARow + 1
        failure = this.#failureOf(end, endsInARow)
      } catch (error) {
        if (error instanceof ConflictError) continue
        endsInARow += 1
        failure = error
      }
      log.warn({ err: failure, endsInARow }, 'task is not running, it is started again')
      this.#noteFailure(failure)
      await clock.sleep(backoffMs(restartPolicy, endsInARow, Math.random), signal).catch(() => undefined)
    }
    if (this.#stopReason === 'rest' && this.isStopping) this.#noteStopped()
    await this.#writer.close({ discards: this.#stopReason === 'moved' || !this.isStopping })
  }

  /** @returns false when the task is not this node's any more @throws ConflictError when the record changed meanwhile */
  async #claim(): Promise<boolean> {
    const { assignments, nodeId, clock } = this.#parts
    const key = taskKey(this.job.id, this.role)
    const held = await assignments.get(key)
    if (held === null || held.value.nodeId !== nodeId) return false
    const ownerTerm = nextOwnerTerm(held.value.ownerTerm, clock.now())
    // Known before it is written, so that the watch's echo is not taken for somebody else's assignment.
    this.#ownerTerm = ownerTerm
    await assignments.update(key, { ...held.value, ownerTerm }, held.revision)
    return true
  }

  /** False once another node has the task, or another start of it has claimed it. */
  async #isStillOurs(): Promise<boolean> {
    const { assignments, nodeId } = this.#parts
    const held = await assignments.get(taskKey(this.job.id, this.role))
    return held?.value.nodeId === nodeId && held.value.ownerTerm === this.#ownerTerm
  }

  async #runProcess(): Promise<End> {
    const { launcher, log, clock } = this.#parts
    const { signal } = this.#stopping
    const ownerTerm = this.#ownerTerm ?? 0
    const spec = { job: this.job, role: this.role, ownerTerm }
    this.#heardAtMs = clock.monotonicMs()
    const running = await launcher.launch(spec, (report) => this.#noteReport(report))
    log.info({ ownerTerm }, 'task process started')
    if (this.#last === null) this.#note(emptyReport(this.role, `the ${this.role} task is being started`, null), true)
    const watching = new AbortController()
    const stopped = AbortSignal.any([signal, watching.signal])
    const end = await Promise.race([
      running.exited.then((exit): End => ({ kind: 'exited', exit })),
      this.#untilSilent(stopped),
    ])
    watching.abort()
    if (end.kind !== 'exited') await this.#stopProcess(running, end)
    return this.#whenComplete(end)
  }

  async #stopProcess(running: TaskProcess, end: End): Promise<void> {
    const forget = end.kind === 'told' && this.#stopReason === 'deleted'
    this.#hasForgotten = forget
    const stopMs = forget ? forgetTimeoutMs : stopTimeoutMs
    await running.stop({ timeoutMs: end.kind === 'silent' ? 0 : stopMs, forget })
  }

  /** Resolves when the process has told nothing for too long, or when `signal` aborts. */
  async #untilSilent(signal: AbortSignal): Promise<End> {
    const { clock } = this.#parts
    while (!signal.aborted) {
      const leftMs = this.#heardAtMs + silentMs - clock.monotonicMs()
      if (leftMs <= 0) return { kind: 'silent' }
      await clock.sleep(leftMs, signal).catch(() => undefined)
    }
    return { kind: 'told' }
  }

  /** A process that ends after it told that its work is complete is not started again. */
  async #whenComplete(end: End): Promise<End> {
    if (end.kind !== 'exited' || end.exit.code !== 0 || this.#last?.report.stage !== 'complete') return end
    const { signal } = this.#stopping
    if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
    return { kind: 'told' }
  }

  #failureOf(end: Exclude<End, { kind: 'told' }>, endsInARow: number): Error {
    const { nodeName } = this.#parts
    if (end.kind === 'exited') return endedError(this.role, nodeName, end.exit, endsInARow)
    return new TaskSilentError(
      `the process of the ${this.role} task on node ${nodeName} told nothing for ${silentMs / 1000} s; it is started again`,
    )
  }

  #noteReport(report: TaskReport): void {
    this.#heardAtMs = this.#parts.clock.monotonicMs()
    this.#note(report, true)
  }

  #noteFailure(error: unknown): void {
    const { clock, nodeName } = this.#parts
    const unknownProblem = {
      code: 'INTERNAL',
      message: `the ${this.role} task could not be started; the log of node ${nodeName} says why`,
      remedy: 'bug',
      at: clock.now(),
    } as const
    const problem = problemOf(error, clock) ?? unknownProblem
    const before = this.#last?.report ?? emptyReport(this.role, '', null)
    this.#note({ ...before, description: problem.message, problem, ...resting }, false)
  }

  #noteStopped(): void {
    if (this.#last === null) return
    // What was wrong with a process that was told to end is over; a migration's last word stays.
    const report = { ...this.#last.report, ...resting, problem: null }
    this.#note(report, false)
  }

  #note(report: TaskReport, isRunning: boolean): void {
    const { nodeId, nodeName, clock } = this.#parts
    if (this.#last === null || hasMoved(this.#last.report, report)) this.#movedAtMs = clock.monotonicMs()
    this.#last = {
      nodeId,
      nodeName,
      ownerTerm: this.#ownerTerm ?? 0,
      definition: definitionOf(this.job),
      isRunning,
      at: clock.now(),
      unmovedMs: clock.monotonicMs() - this.#movedAtMs,
      report: boundedReport(report),
      copied: copyTotals(report.tables),
      lastProblem: report.problem ?? this.#last?.lastProblem ?? null,
    }
    this.#writer.offer(this.#last)
  }
}

const resting = { rowsPerSecond: 0, bytesPerSecond: 0, transactionsPerSecond: 0, queuedBytes: 0 }
