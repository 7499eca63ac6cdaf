/**
 * What this node has heard of each job lately: figures of the last hour, statements that came, problems that were.
 *
 * Easy to get wrong: it is memory of this node alone, from its start on, and of no consequence but for being shown. A
 * task's process tells what it did itself, so what an earlier process did is known here only.
 */
import type { Clock } from '../../core/clock.ts'
import type { Log } from '../../core/log.ts'
import type { ReplicationJob, TaskRole } from '../../model/replication-job.ts'
import { withSeen } from '../ddl/seen-list.ts'
import type { SeenDdl, TaskProblem } from '../task-context.ts'
import { jobIdOfTask, taskKey, taskRoles } from './assignment.ts'
import type { BucketView } from './bucket-view.ts'
import { FigureHistory, type FigureSeries, type JobFigures } from './figure-history.ts'
import { cureOf, isConflict } from './problem-cure.ts'
import type { ReplicationProgress } from './replication-progress.ts'
import type { TaskReportRecord } from './task-report-record.ts'

export interface JobJournalParts {
  readonly jobs: BucketView<ReplicationJob>
  readonly reports: BucketView<TaskReportRecord>
  readonly progress: Pick<ReplicationProgress, 'task'>
  readonly clock: Clock
  readonly log: Log
}

export interface PastProblem extends TaskProblem {
  readonly role: TaskRole
  /** What to do; null when nobody knows. */
  readonly cureText: string | null
  /** Rows or tables of the target are not what the source expects. */
  readonly isConflict: boolean
  /** It is in the newest report. */
  readonly isCurrent: boolean
}

export interface JobEvents {
  /** The newest first, as `problems`; at most 20 of each. */
  readonly ddl: readonly SeenDdl[]
  readonly problems: readonly PastProblem[]
}

const hour = { stepMs: 5_000, steps: 720, mostJobs: 500 } as const
const mostEvents = 20
/** Older reports are no figures of now. */
const longestSilenceMs = 10_000

interface Memory {
  /** The job that is meant: one that was deleted and made anew under its id begins without a past. */
  readonly createdAt: number
  ddl: readonly SeenDdl[]
  problems: readonly (TaskProblem & { readonly role: TaskRole })[]
}

export class JobJournal {
  readonly #parts: JobJournalParts
  readonly #figures = new FigureHistory(hour)
  readonly #memories = new Map<string, Memory>()

  constructor(parts: JobJournalParts) {
    this.#parts = parts
  }

  /** Listens and takes samples until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { reports, clock, log } = this.#parts
    const unsubscribe = reports.onChange((key) => {
      const jobId = key === null ? null : jobIdOfTask(key)
      if (jobId !== null) this.#remember(jobId)
    })
    try {
      while (!signal.aborted) {
        try {
          this.#sample()
        } catch (error) {
          log.error({ err: error }, 'figures of replication jobs could not be sampled')
        }
        await clock.sleep(hour.stepMs, signal).catch(() => undefined)
      }
    } finally {
      unsubscribe()
    }
  }

  history(jobId: string): FigureSeries {
    return this.#figures.read(jobId)
  }

  events(job: ReplicationJob): JobEvents {
    this.#remember(job.id)
    const memory = this.#memories.get(job.id)
    if (memory === undefined || memory.createdAt !== job.createdAt) return { ddl: [], problems: [] }
    const current = taskRoles.flatMap((role) => {
      const problem = this.#parts.progress.task(job, role).record?.report.problem
      return problem === null || problem === undefined ? [] : [{ ...problem, role }]
    })
    return {
      ddl: memory.ddl.toReversed(),
      problems: memory.problems.toReversed().map((problem) => ({
        ...problem,
        cureText: cureOf(problem),
        isConflict: isConflict(problem),
        isCurrent: current.some((one) => isSame(one, problem)),
      })),
    }
  }

  #sample(): void {
    const { jobs, clock } = this.#parts
    const all = new Map(jobs.list().map(({ key, value }) => [key, this.#figuresOf(value)]))
    this.#figures.sample(clock.now(), all)
    for (const id of this.#memories.keys()) if (!all.has(id)) this.#memories.delete(id)
  }

  #figuresOf(job: ReplicationJob): JobFigures | null {
    const { progress, reports } = this.#parts
    const live = (role: TaskRole) => {
      const { record } = progress.task(job, role)
      const isFresh = reports.silenceMs(taskKey(job.id, role)) <= longestSilenceMs
      return record?.isRunning === true && isFresh ? record.report : null
    }
    const [source, target] = [live('source'), live('target')]
    if (source === null && target === null) return null
    return {
      lagMs: target?.lagMs ?? null,
      rowsPerSecond: target?.rowsPerSecond ?? null,
      transactionsPerSecond: target?.transactionsPerSecond ?? null,
      bytesPerSecond: target?.bytesPerSecond ?? null,
      backlogBytes: source?.backlogBytes ?? null,
    }
  }

  #remember(jobId: string): void {
    const { jobs, reports } = this.#parts
    const job = jobs.get(jobId)?.value
    if (job === undefined) return
    const held = this.#memories.get(jobId)
    const memory = held?.createdAt === job.createdAt ? held : { createdAt: job.createdAt, ddl: [], problems: [] }
    this.#memories.set(jobId, memory)
    for (const role of taskRoles) {
      const record = reports.get(taskKey(jobId, role))?.value
      if (record === undefined || record.definition.createdAt !== job.createdAt) continue
      for (const seen of record.report.ddl ?? []) memory.ddl = withSeen(memory.ddl, seen)
      if (record.lastProblem !== null) memory.problems = withProblem(memory.problems, { ...record.lastProblem, role })
    }
  }
}

/** A problem that comes again and again is one, with its newest time. */
function withProblem<Problem extends TaskProblem & { readonly role: TaskRole }>(
  known: readonly Problem[],
  problem: Problem,
): readonly Problem[] {
  const last = known.findLast((one) => isSame(one, problem))
  if (last !== undefined && last.at >= problem.at) return known
  return [...known.filter((one) => !isSame(one, problem)), problem].slice(-mostEvents)
}

function isSame(a: TaskProblem & { readonly role: TaskRole }, b: TaskProblem & { readonly role: TaskRole }): boolean {
  return a.role === b.role && a.code === b.code && a.message === b.message
}
