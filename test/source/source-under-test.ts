/** A source task on a real server, its frames replayed in memory: what a target would make of them. */
import { BoundedQueue } from '../../src/core/bounded-queue.ts'
import { systemClock } from '../../src/core/clock.ts'
import { silentLog } from '../../src/core/log.ts'
import type { ReplicationJob, ReplicationTask, SchemaFilter } from '../../src/model/replication-job.ts'
import type { FrameSink } from '../../src/replication/ports.ts'
import type { SourceTuning } from '../../src/replication/source/run-setup.ts'
import { runSourceTask } from '../../src/replication/source/source-task.ts'
import type { SourceTaskContext, TaskReport } from '../../src/replication/task-context.ts'
import { eventually } from '../harness/eventually.ts'
import type { TestServer } from '../harness/mysql-servers.ts'
import { FrameReplay } from './frame-replay.ts'

export interface SourceTestOptions {
  readonly include: readonly SchemaFilter[]
  readonly gtid?: string
  readonly parallelWorkers?: number
  readonly user?: string
  readonly password?: string
  /** Frames held between the two: small ones make the source wait. */
  readonly pipeBytes?: number
  /** The target stops taking frames, until `goOn`, once it has so many chunks. */
  readonly pauseAfterChunks?: number
  /** Small ones make many chunks, and many gates. */
  readonly tuning?: SourceTuning
}

export class SourceUnderTest implements AsyncDisposable {
  readonly replay: FrameReplay
  readonly reports: TaskReport[] = []
  failure: unknown = null
  readonly #stop = new AbortController()
  readonly #queue: BoundedQueue<Uint8Array>
  readonly #running: Promise<void>
  #pauseAfterChunks: number
  #isPaused = false
  #unpause = () => {}
  #rewind: ((payload: unknown) => Promise<unknown>) | null = null

  /** @param replay what an earlier run left, to go on from */
  constructor(server: TestServer, options: SourceTestOptions, replay = new FrameReplay()) {
    this.replay = replay
    this.#pauseAfterChunks = options.pauseAfterChunks ?? Number.POSITIVE_INFINITY
    this.#queue = new BoundedQueue(options.pipeBytes ?? 4 * 1024 * 1024)
    const context = this.#context(server, options)
    this.#running = Promise.all([runSourceTask(context, this.#stop.signal, options.tuning), this.#consume()]).then(
      () => {},
    )
  }

  get lastReport(): TaskReport | undefined {
    return this.reports.at(-1)
  }

  /** Resolves when the target has stopped taking frames, as `pauseAfterChunks` says. @throws what went wrong before */
  async whenPaused(): Promise<void> {
    const isPaused = () => this.failure !== null || this.#isPaused
    await eventually(isPaused, 60_000, 'the pause').catch((error: unknown) => {
      throw new Error(`${this.replay.chunksDone} chunks: ${JSON.stringify(this.lastReport)}`, { cause: error })
    })
    this.check()
  }

  /** The target goes on taking frames, and does not pause again. */
  goOn(): void {
    this.#pauseAfterChunks = Number.POSITIVE_INFINITY
    this.#isPaused = false
    this.#unpause()
  }

  /** Throws what the replay found wrong. */
  check(): void {
    if (this.failure !== null) throw this.failure
  }

  async rewind(): Promise<void> {
    await this.#rewind?.({ jobId: 'j', reason: 'the test says so' })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.goOn()
    this.#stop.abort(new Error('the test is over'))
    this.#queue.fail(new Error('the test is over'))
    await this.#running.catch(() => {})
  }

  async #consume(): Promise<void> {
    for (;;) {
      if (this.replay.chunksDone >= this.#pauseAfterChunks) {
        this.#isPaused = true
        await new Promise<void>((resolve) => {
          this.#unpause = resolve
        })
      }
      const bytes = await this.#queue.take().catch(() => undefined)
      if (bytes === undefined) return
      try {
        if (this.failure === null) this.replay.apply(bytes)
      } catch (error) {
        this.failure = error
      }
    }
  }

  #context(server: TestServer, options: SourceTestOptions): SourceTaskContext {
    let tail: Promise<void> = Promise.resolve()
    const sink: FrameSink = {
      append: (frame) => {
        tail = tail.then(() => this.#queue.push(frame, frame.length))
        return tail
      },
      close: async () => {},
    }
    const endpoint = {
      host: server.host,
      port: server.port,
      user: options.user ?? server.user,
      password: options.password ?? server.password,
    }
    return {
      job: jobOf(options),
      role: 'source',
      server: endpoint,
      ownerTerm: 1,
      clock: systemClock,
      log: silentLog,
      report: (report) => this.reports.push(report),
      openSink: async () => sink,
      link: {
        // A target has taken all frames of the run before when it answers, or dropped them.
        request: async () => {
          while (this.#queue.length > 0) await systemClock.sleep(5)
          return this.replay.resume()
        },
        serve: (_subject, answer) => {
          this.#rewind = answer
        },
      },
    }
  }
}

function jobOf(options: SourceTestOptions): ReplicationJob {
  const task = (role: 'source' | 'target'): ReplicationTask => ({
    role,
    nodeId: null,
    driver: 'MySQL',
    server: { host: '', port: 0, user: '', password: { kind: 'environment', name: 'NONE' } },
    natsAddress: null,
    parallelWorkers: options.parallelWorkers ?? 3,
    gtid: options.gtid ?? null,
    bufferedMessages: options.pipeBytes === undefined ? 64 : 2,
    frameBytes: 65_536,
    include: options.include,
    exclude: [],
    forceSql: false,
    dropTableIfExists: false,
    skipCreateTable: false,
  })
  const id = `job-${Math.random()}`
  const base = { id, name: id, kind: 'synchronous' as const, isPaused: false, createdAt: 0, updatedAt: 0 }
  return { ...base, source: task('source'), target: task('target') }
}
