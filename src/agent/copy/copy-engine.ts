/** Copies from one server to another without a cluster: what `millrace copy` is given. */
import type {
  CompareProgress,
  CopyComparison,
  CopyEngine,
  CopyPlan,
  CopyProgress,
  CopyRun,
  CopyStop,
} from '../../cli/copy/ports.ts'
import { compareServers } from '../../replication/verify/compare-servers.ts'
import { type Comparison, type Digest, digestText } from '../../replication/verify/comparison.ts'
import {
  type CopyFolder,
  clearFolder,
  clearLeftFolders,
  endLeftServer,
  temporaryFolder,
  workFolder,
} from './copy-folder.ts'
import type { CopySpec } from './copy-messages.ts'
import { CopyProcess } from './copy-process.ts'
import { CopyWatch } from './copy-watch.ts'
import { lookAtBoth } from './look.ts'
import { hasNoBookkeeping } from './target-bookkeeping.ts'

const lookEveryMs = 250
/** A temporary folder may be small, and is often memory. */
const temporaryStreamLimit = '256MB'
const keptStreamLimit = '1GB'

/** @param environment for MILLRACE_NATS_SERVER */
export function createCopyEngine(environment: Readonly<Record<string, string | undefined>>): CopyEngine {
  return {
    look: lookAtBoth,
    async open(plan, workDir) {
      await clearLeftFolders()
      const folder = workDir === null ? temporaryFolder(plan) : workFolder(workDir, plan)
      return new LocalCopyRun(plan, folder, workDir !== null, environment.MILLRACE_NATS_SERVER ?? '')
    },
  }
}

class LocalCopyRun implements CopyRun {
  readonly failed: Promise<never>
  readonly #plan: CopyPlan
  readonly #folder: CopyFolder
  readonly #isKept: boolean
  readonly #natsServer: string
  readonly #watch = new CopyWatch()
  readonly #failure = Promise.withResolvers<never>()
  #process: CopyProcess | null = null
  #timer: NodeJS.Timeout | undefined

  constructor(plan: CopyPlan, folder: CopyFolder, isKept: boolean, natsServer: string) {
    this.#plan = plan
    this.#folder = folder
    this.#isKept = isKept
    this.#natsServer = natsServer
    this.failed = this.#failure.promise
    this.failed.catch(() => {})
  }

  get isResumed(): boolean {
    return this.#folder.isResumed
  }

  async start(onProgress: (progress: CopyProgress) => void): Promise<void> {
    if (!this.isResumed) this.#folder.keep(await hasNoBookkeeping(this.#plan.to))
    const copying = new CopyProcess(this.#spec(), (news) => {
      this.#watch.take(news)
      onProgress(this.#watch.progress())
    })
    copying.failed.catch(this.#failure.reject)
    this.#process = copying
    this.#timer = setInterval(() => {
      const failure = this.#watch.failure()
      if (failure !== null) this.#failure.reject(failure)
    }, lookEveryMs)
  }

  caughtUp(signal: AbortSignal): Promise<void> {
    return this.#watch.caughtUp(signal)
  }

  async compare(onProgress: (progress: CompareProgress) => void, signal: AbortSignal): Promise<CopyComparison> {
    const { from, to, include, exclude } = this.#plan
    const comparison = await compareServers({
      ...{ source: from, target: to, include, exclude, signal },
      live: { caughtUp: (until) => this.caughtUp(until) },
      onProgress: ({ table, rowsDone, rowsTotal, comparison: found }) =>
        onProgress({ schema: table.schema, table: table.name, rowsDone, rowsTotal, isDone: found !== null }),
    })
    return shownComparison(comparison)
  }

  async stop(isOver: boolean): Promise<CopyStop> {
    clearInterval(this.#timer)
    const isForgotten = isOver || !this.#isKept
    const stopped = (await this.#process?.stop(isForgotten)) ?? { position: '', leftovers: '' }
    // Of a copy that never began nothing is kept either.
    if (isForgotten || (this.#process === null && !this.isResumed)) await clearFolder(this.#folder.path, this.#isKept)
    // A process that was killed left it behind.
    else await endLeftServer(this.#folder.path)
    return stopped
  }

  #spec(): CopySpec {
    return {
      plan: this.#plan,
      jobId: this.#folder.jobId,
      folder: this.#folder.path,
      forgetsWhenAlone: !this.#isKept,
      natsServer: this.#natsServer,
      streamLimit: this.#isKept ? keptStreamLimit : temporaryStreamLimit,
    }
  }
}

function shownComparison({ tables, isEqual, durationMs }: Comparison): CopyComparison {
  const figures = (digest: Digest | null) => (digest === null ? null : { rows: digest.rows, hash: digestText(digest) })
  return {
    tables: tables.map(({ table, source, target, ...rest }) => ({
      ...rest,
      ...{ schema: table.schema, table: table.name, source: figures(source), target: figures(target) },
    })),
    isEqual,
    durationMs,
  }
}
