/** A target task on a real server, fed from memory: its reports, its answers, its end. */
import { setTimeout as sleep } from 'node:timers/promises'
import { systemClock } from '../../src/core/clock.ts'
import { type Log, silentLog } from '../../src/core/log.ts'
import type { ReplicationJob } from '../../src/model/replication-job.ts'
import type { ResumeAnswer, ResumeRequest } from '../../src/replication/handshake.ts'
import type { TaskLink, TaskSubject } from '../../src/replication/ports.ts'
import { runTargetTask } from '../../src/replication/target/target-task.ts'
import type { TaskReport } from '../../src/replication/task-context.ts'
import type { TestServer } from '../harness/mysql-servers.ts'
import type { MemoryPipe } from './memory-pipe.ts'

export interface TargetOptions {
  readonly jobId?: string
  readonly gtid?: string | null
  readonly forceSql?: boolean
  readonly dropTableIfExists?: boolean
  readonly skipCreateTable?: boolean
  readonly parallelWorkers?: number
  readonly kind?: ReplicationJob['kind']
  readonly ownerTerm?: number
  readonly log?: Log
  /** Another account than the one that may do everything. */
  readonly account?: { readonly user: string; readonly password: string }
}

export class TargetUnderTest implements AsyncDisposable {
  readonly reports: TaskReport[] = []
  readonly rewinds: string[] = []
  readonly #stopping = new AbortController()
  readonly #answers = new Map<TaskSubject, (payload: unknown) => Promise<unknown>>()
  readonly #running: Promise<void>

  constructor(target: TestServer, pipe: MemoryPipe, options: TargetOptions = {}) {
    const link: TaskLink = {
      request: async (subject, payload) => {
        if (subject === 'rewind') this.rewinds.push((payload as { reason: string }).reason)
        return null
      },
      serve: (subject, answer) => this.#answers.set(subject, answer),
    }
    this.#running = runTargetTask(
      {
        job: jobFor(target, options),
        role: 'target',
        server: {
          host: target.host,
          port: target.port,
          user: target.user,
          password: target.password,
          ...options.account,
        },
        ownerTerm: options.ownerTerm ?? 1,
        link,
        // Pauses between tries are seconds; a test need not wait for them.
        clock: { ...systemClock, sleep: (ms, signal) => systemClock.sleep(Math.min(ms, 200), signal) },
        log: options.log ?? silentLog,
        report: (report) => this.reports.push(report),
        openSource: async () => pipe.open(),
      },
      this.#stopping.signal,
    )
  }

  get report(): TaskReport | undefined {
    return this.reports.at(-1)
  }

  async resume(request: Partial<ResumeRequest> = {}): Promise<ResumeAnswer> {
    while (!this.#answers.has('resume')) await sleep(5)
    const answer = this.#answers.get('resume')
    return (await answer?.({ jobId: 'any', ...request })) as ResumeAnswer
  }

  async stop(): Promise<void> {
    this.#stopping.abort(new Error('stopped'))
    await this.#running
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }
}

function jobFor(target: TestServer, options: TargetOptions): ReplicationJob {
  const server = {
    host: '127.0.0.1',
    port: 1,
    user: 'nobody',
    password: { kind: 'environment', name: 'NONE' } as const,
  }
  const task = {
    nodeId: null,
    driver: 'MySQL',
    natsAddress: null,
    parallelWorkers: options.parallelWorkers ?? 4,
    gtid: options.gtid ?? null,
    bufferedMessages: 100,
    frameBytes: 1 << 18,
    include: [],
    exclude: [],
    forceSql: options.forceSql ?? false,
    dropTableIfExists: options.dropTableIfExists ?? false,
    skipCreateTable: options.skipCreateTable ?? false,
  } as const
  return {
    id: options.jobId ?? 'job-1',
    name: 'job-1',
    kind: options.kind ?? 'synchronous',
    source: { ...task, role: 'source', server },
    target: { ...task, role: 'target', server: { ...server, port: target.port } },
    isPaused: false,
    createdAt: 0,
    updatedAt: 0,
  }
}
