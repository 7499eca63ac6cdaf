/** A source whose log is sent to a target task: one schema, from now on. */
import type { Connection } from 'mysql2/promise'
import type { Position } from '../../src/binlog/position.ts'
import { eventually } from '../harness/eventually.ts'
import { type ServerKind, startServer, type TestServer } from '../harness/mysql-servers.ts'
import { positionOf, sendLog } from './binlog-frames.ts'
import { tableLines } from './compare-tables.ts'
import { MemoryPipe } from './memory-pipe.ts'
import { type TargetOptions, TargetUnderTest } from './target-under-test.ts'

/** Every server, by row images and with SQL forced. */
export const kindsAndStrategies: readonly (readonly [ServerKind, boolean])[] = [
  ['mysql-9.7', false],
  ['mysql-9.7', true],
  ['mysql-5.6', false],
  ['mysql-5.6', true],
  ['mariadb-10.11', false],
  ['mariadb-10.11', true],
]

/** Servers that the tests of one file share. */
export class ServerPool implements AsyncDisposable {
  readonly #servers = new Map<string, Promise<TestServer>>()

  get(kind: ServerKind, role: 'source' | 'target'): Promise<TestServer> {
    const key = `${kind} ${role}`
    const known = this.#servers.get(key)
    if (known !== undefined) return known
    const starting = startServer(kind)
    this.#servers.set(key, starting)
    return starting
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const starting of this.#servers.values()) await (await starting)[Symbol.asyncDispose]()
  }
}

let schemas = 0

export class StreamPair implements AsyncDisposable {
  readonly source: TestServer
  readonly target: TestServer
  readonly schema: string
  readonly pipe: MemoryPipe
  readonly options: TargetOptions
  task: TargetUnderTest
  /** On the source, with the schema as default. */
  writer: Connection
  readonly #start: Position
  #stopping = new AbortController()
  #sending: Promise<void> = Promise.resolve()

  private constructor(
    source: TestServer,
    target: TestServer,
    schema: string,
    options: TargetOptions,
    pipe: MemoryPipe,
    writer: Connection,
  ) {
    this.source = source
    this.target = target
    this.schema = schema
    this.options = options
    this.pipe = pipe
    this.#start = pipe.position
    this.writer = writer
    this.task = new TargetUnderTest(target, pipe, options)
  }

  static async open(source: TestServer, target: TestServer, options: TargetOptions = {}): Promise<StreamPair> {
    schemas += 1
    const schema = `stream_${schemas}`
    const writer = await source.connect({ multipleStatements: true })
    const pipe = new MemoryPipe(0, await positionOf(source))
    const pair = new StreamPair(source, target, schema, { gtid: 'now', jobId: schema, ...options }, pipe, writer)
    await pair.beginAgain()
    await writer.query(`CREATE DATABASE ${schema}`)
    await writer.query(`USE ${schema}`)
    return pair
  }

  /** The source task ends and another one asks where to begin. */
  async beginAgain(): Promise<void> {
    this.#stopping.abort()
    await this.#sending
    const { epoch, from } = await this.task.resume()
    // A target that has committed nothing yet goes on from where the first source task began.
    this.pipe.restart(epoch, from.kind === 'fresh' ? this.#start : from.position)
    this.#stopping = new AbortController()
    this.#sending = sendLog(this.source, this.pipe, [this.schema], this.#stopping.signal)
  }

  /** Stops the task and starts another one, as after a crash of its process. */
  async restartTask(options: TargetOptions = {}): Promise<void> {
    await this.task.stop()
    this.task = new TargetUnderTest(this.target, this.pipe, { ...this.options, ...options })
  }

  /** Waits until everything the source has logged is applied. */
  async caughtUp(withinMs = 30_000): Promise<void> {
    const mark = `mark_${Math.random().toString(36).slice(2)}`
    await this.writer.query(`CREATE TABLE ${mark} (id INT PRIMARY KEY)`)
    await eventually(
      async () => (await this.target.query(`SHOW TABLES FROM ${this.schema} LIKE '${mark}'`)).length === 1,
      withinMs,
      `the target catches up (${this.task.report?.problem?.message ?? 'no problem told'})`,
    )
  }

  /** Lines of a table at both ends. */
  async lines(table: string): Promise<{ source: string[]; target: string[] }> {
    return {
      source: await tableLines(this.source, this.schema, table),
      target: await tableLines(this.target, this.schema, table),
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort()
    await this.task.stop()
    await this.#sending
    await this.writer.end()
  }
}
