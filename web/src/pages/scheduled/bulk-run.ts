/** The same for many jobs: a few at a time, and what failed is told by name instead of ending the rest. */
export interface BulkProgress {
  readonly done: number
  readonly failed: readonly BulkFailure[]
  readonly total: number
}

export interface BulkFailure {
  readonly name: string
  readonly message: string
}

export interface BulkOptions {
  /** Does it for one. What it throws is that one's failure. */
  readonly act: (name: string) => Promise<void>
  readonly onProgress: (progress: BulkProgress) => void
  /** When it aborts nothing more is begun; what runs ends. */
  readonly signal: AbortSignal
}

const atATime = 6

/** @returns how it went; `done` and `failed` are fewer than `total` when it was aborted */
export async function runForEach(names: readonly string[], options: BulkOptions): Promise<BulkProgress> {
  let progress: BulkProgress = { done: 0, failed: [], total: names.length }
  const waiting = names.values()
  const work = async () => {
    for (const name of waiting) {
      if (options.signal.aborted) return
      const message = await failureOf(options.act, name)
      progress =
        message === null
          ? { ...progress, done: progress.done + 1 }
          : { ...progress, failed: [...progress.failed, { name, message }] }
      options.onProgress(progress)
    }
  }
  await Promise.all(Array.from({ length: Math.min(atATime, names.length) }, work))
  return progress
}

async function failureOf(act: BulkOptions['act'], name: string): Promise<string | null> {
  try {
    await act(name)
    return null
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}
