/** Both tasks of a job in this process, with a stream and a link in memory between them. */
import { setTimeout as sleep } from 'node:timers/promises'
import { systemClock } from '../../src/core/clock.ts'
import { UnavailableError } from '../../src/core/errors.ts'
import { type Log, silentLog } from '../../src/core/log.ts'
import type { ReplicationJob } from '../../src/model/replication-job.ts'
import type { TaskLink, TaskSubject } from '../../src/replication/ports.ts'
import { runSourceTask } from '../../src/replication/source/source-task.ts'
import { runTargetTask } from '../../src/replication/target/target-task.ts'
import type { ServerEndpoint, TaskReport } from '../../src/replication/task-context.ts'
import { MemoryPipe } from './memory-pipe.ts'

export interface BothOptions {
  readonly forceSql?: boolean
  readonly dropTableIfExists?: boolean
  readonly kind?: ReplicationJob['kind']
  readonly log?: Log
}

const nowhere = { kind: 'file', file: '', offset: 0 } as const

interface Running {
  readonly stopping: AbortController
  readonly ended: Promise<void>
}

export class BothTasks implements AsyncDisposable {
  readonly #source: ServerEndpoint
  readonly #target: ServerEndpoint
  readonly #schema: string
  readonly #options: BothOptions
  readonly #pipe = new MemoryPipe(0, nowhere)
  readonly #answers = new Map<TaskSubject, (payload: unknown) => Promise<unknown>>()
  readonly reports: { source: TaskReport | null; target: TaskReport | null } = { source: null, target: null }
  #running: { source: Running | null; target: Running | null } = { source: null, target: null }

  constructor(source: ServerEndpoint, target: ServerEndpoint, schema: string, options: BothOptions = {}) {
    this.#source = source
    this.#target = target
    this.#schema = schema
    this.#options = options
    this.start('source')
    this.start('target')
  }

  start(role: 'source' | 'target'): void {
    const stopping = new AbortController()
    const server = role === 'source' ? this.#source : this.#target
    const context = {
      job: this.#job(),
      role,
      server: { host: server.host, port: server.port, user: server.user, password: server.password },
      ownerTerm: 1,
      link: this.#link(),
      clock: {
        ...systemClock,
        sleep: (ms: number, signal?: AbortSignal) => systemClock.sleep(Math.min(ms, 300), signal),
      },
      log: this.#options.log ?? silentLog,
      report: (report: TaskReport) => {
        this.reports[role] = report
      },
    }
    const pipe = this.#pipe
    const sink = { append: async (frame: Uint8Array) => pipe.appendBytes(Buffer.from(frame)), close: async () => {} }
    const ended =
      role === 'source'
        ? runSourceTask({ ...context, openSink: async () => sink }, stopping.signal)
        : runTargetTask({ ...context, openSource: async () => pipe.open() }, stopping.signal)
    this.#running = { ...this.#running, [role]: { stopping, ended } }
  }

  async stop(role: 'source' | 'target'): Promise<void> {
    const running = this.#running[role]
    running?.stopping.abort(new Error('stopped'))
    await running?.ended
    this.#answers.delete(role === 'source' ? 'rewind' : 'resume')
  }

  async restart(role: 'source' | 'target'): Promise<void> {
    await this.stop(role)
    await sleep(10)
    this.start(role)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop('source')
    await this.stop('target')
  }

  #link(): TaskLink {
    return {
      request: async (subject, payload) => {
        const answer = this.#answers.get(subject)
        if (answer === undefined) throw new UnavailableError('nobody answers')
        return JSON.parse(JSON.stringify((await answer(payload)) ?? null))
      },
      serve: (subject, answer) => {
        this.#answers.set(subject, answer)
      },
    }
  }

  #job(): ReplicationJob {
    const address = (server: ServerEndpoint) => ({
      host: server.host,
      port: server.port,
      user: server.user,
      password: { kind: 'environment', name: 'NONE' } as const,
    })
    const task = {
      nodeId: null,
      driver: 'MySQL',
      natsAddress: null,
      parallelWorkers: 4,
      gtid: null,
      bufferedMessages: 100,
      frameBytes: 1 << 18,
      include: [{ schema: this.#schema, tables: [] }],
      exclude: [],
      forceSql: this.#options.forceSql ?? false,
      dropTableIfExists: this.#options.dropTableIfExists ?? false,
      skipCreateTable: false,
    } as const
    return {
      id: this.#schema,
      name: this.#schema,
      kind: this.#options.kind ?? 'synchronous',
      source: { ...task, role: 'source', server: address(this.#source) },
      target: { ...task, role: 'target', server: address(this.#target) },
      isPaused: false,
      createdAt: 0,
      updatedAt: 0,
    }
  }
}
