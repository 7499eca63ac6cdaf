/**
 * What the tasks of a copy told last, and what follows from it.
 *
 * Easy to get wrong: a lag is as old as the sign it was taken from, up to three seconds. Who waits for the target to have
 * everything of now has to see a sign that the source gave after now; when that was, the target tells beside the lag.
 */
import type { CopyProgress } from '../../cli/copy/ports.ts'
import { systemClock } from '../../core/clock.ts'
import type { Remedy } from '../../core/errors.ts'
import type { TaskNews } from './copy-messages.ts'
import type { CopyNews } from './copy-process.ts'
import { CopyFailedError } from './errors.ts'

/** A target's lag is from its last transaction or heartbeat, unless that is older. */
const signAgeMs = 3_000
/** Clocks are not exact. */
const clockDoubtMs = 500
/** An error that is not gone by itself after so long will not go. */
const patienceMs = 3_000

export class CopyWatch {
  #news: CopyNews = { kind: 'news', source: null, target: null }
  #problemSinceMs: number | null = null
  readonly #waiting = new Set<() => void>()

  take(news: CopyNews): void {
    this.#news = news
    for (const look of [...this.#waiting]) look()
  }

  /** What somebody must cure; null while there is nothing, or it may pass. */
  failure(): CopyFailedError | null {
    const problem = this.#problems().find(({ remedy }) => remedy !== 'retry') ?? null
    if (problem === null) {
      this.#problemSinceMs = null
      return null
    }
    this.#problemSinceMs ??= systemClock.monotonicMs()
    if (systemClock.monotonicMs() - this.#problemSinceMs < patienceMs) return null
    return new CopyFailedError(inOurWords(problem.message), problem.code, problem.remedy)
  }

  /** Resolves when the target has everything that the source had committed by now. @throws the signal's reason */
  async caughtUp(signal: AbortSignal): Promise<void> {
    const nowMs = Date.now()
    await new Promise<void>((resolve, reject) => {
      const done = (end: () => void) => {
        this.#waiting.delete(look)
        signal.removeEventListener('abort', stop)
        end()
      }
      const look = () => {
        if (hasEverythingOf(this.#news.target, nowMs)) done(resolve)
      }
      const stop = () => done(() => reject(signal.reason))
      if (signal.aborted) reject(signal.reason)
      signal.addEventListener('abort', stop, { once: true })
      this.#waiting.add(look)
    })
  }

  progress(): CopyProgress {
    const { source, target } = this.#news
    const report = target?.report
    const hindrance = this.#problems().find(({ remedy }) => remedy === 'retry')?.message ?? null
    return {
      stage: target === null || target.stage === 'complete' ? 'starting' : target.stage,
      description: (target ?? source)?.report.description ?? 'starts the copy',
      hindrance,
      copied: target?.copied ?? { rowsDone: 0, rowsTotal: 0, bytesDone: 0, bytesTotal: 0 },
      tables: target?.tables ?? [],
      rowsPerSecond: report?.rowsPerSecond ?? 0,
      bytesPerSecond: report?.bytesPerSecond ?? 0,
      transactionsPerSecond: report?.transactionsPerSecond ?? 0,
      transactionsTotal: report?.transactionsTotal ?? 0,
      ddlTotal: report?.ddlTotal ?? 0,
      lagMs: report?.lagMs ?? null,
      etaMs: report?.etaMs ?? null,
      position: report?.position ?? '',
    }
  }

  #problems(): readonly { readonly code: string; readonly message: string; readonly remedy: Remedy }[] {
    return [this.#news.source, this.#news.target].flatMap((news) => (news?.problem == null ? [] : [news.problem]))
  }
}

/** A task's message may name a field of a job, which this command has as a flag. */
function inOurWords(message: string): string {
  return message.replace(/\bset DropTableIfExists\b/, 'give --drop-if-exists')
}

function hasEverythingOf(target: TaskNews | null, atMs: number): boolean {
  if (target?.stage !== 'incremental' || target.problem !== null || target.report.lagMs === null) return false
  const { lagMs, appliedUpTo } = target.report
  return (appliedUpTo ?? target.at - lagMs - signAgeMs) - clockDoubtMs > atMs
}
