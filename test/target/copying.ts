/** A copy whose frames a test sends itself: a schema on a source, a target task that waits for it, what it ends in. */
import type { Connection } from 'mysql2/promise'
import { expect } from 'vitest'
import type { CopiedTable } from '../../src/replication/handshake.ts'
import type { FrameItem } from '../../src/replication/pipe/frame.ts'
import { eventually } from '../harness/eventually.ts'
import type { ServerKind, TestServer } from '../harness/mysql-servers.ts'
import { positionOf, sendLog, sourceServerOf } from './binlog-frames.ts'
import { tableLines } from './compare-tables.ts'
import { chunkItems, copyTables, structureItems } from './copy-frames.ts'
import { MemoryPipe } from './memory-pipe.ts'
import type { ServerPool } from './stream-pair.ts'
import { type TargetOptions, TargetUnderTest } from './target-under-test.ts'

let schemas = 0

export interface Copying extends AsyncDisposable {
  readonly schema: string
  readonly source: TestServer
  readonly target: TestServer
  /** Writes to the source, in the schema. */
  readonly writer: Connection
  readonly pipe: MemoryPipe
  readonly task: TargetUnderTest
}

export async function openCopying(
  pool: ServerPool,
  from: ServerKind,
  to: ServerKind,
  options: TargetOptions = {},
): Promise<Copying> {
  schemas += 1
  const schema = `copy_${schemas}`
  const [source, target] = [await pool.get(from, 'source'), await pool.get(to, 'target')]
  const writer = await source.connect({ multipleStatements: true, charset: 'utf8mb4' })
  await writer.query(
    `SET SESSION sql_mode = 'NO_ENGINE_SUBSTITUTION', time_zone = '+00:00'; CREATE DATABASE ${schema} DEFAULT CHARACTER SET utf8mb4; USE ${schema}`,
  )
  const pipe = new MemoryPipe(0, await positionOf(source))
  const task = new TargetUnderTest(target, pipe, { jobId: schema, ...options })
  return {
    schema,
    source,
    target,
    writer,
    pipe,
    task,
    async [Symbol.asyncDispose]() {
      await task.stop()
      await writer.end()
    },
  }
}

/** The structure and the list of tables, as they are now. */
export async function beginCopy({ source, pipe, task, schema }: Copying): Promise<void> {
  pipe.restart((await task.resume()).epoch, await positionOf(source))
  pipe.append([
    { kind: 'epoch', source: await sourceServerOf(source) },
    ...(await structureItems(source, schema)),
    { kind: 'copy', tables: await copyTables(source, schema) },
  ])
}

/** The source task begins again. @returns what the target says of the copy */
export async function beginAgain({ source, pipe, task }: Copying): Promise<readonly CopiedTable[]> {
  const { epoch, from } = await task.resume()
  if (from.kind !== 'copying') throw new Error(`the answer was ${from.kind}`)
  pipe.restart(epoch, from.position)
  pipe.append([{ kind: 'epoch', source: await sourceServerOf(source) }])
  return from.tables
}

export async function copyAll({ source, pipe, schema }: Copying, chunkRows: number): Promise<void> {
  for (const table of await copyTables(source, schema))
    for (const item of await chunkItems(source, table, chunkRows)) pipe.append([item])
}

/** Sends what was logged since the pipe's position, with what `meanwhile` does, until the target has applied it. */
export async function sendWhatWasLogged(copying: Copying, meanwhile = async () => {}): Promise<void> {
  const { source, pipe, schema, writer, target, task } = copying
  const stopping = new AbortController()
  const sending = sendLog(source, pipe, [schema], stopping.signal)
  await meanwhile()
  const end = `the_end_${Math.random().toString(36).slice(2)}`
  await writer.query(`CREATE TABLE ${end} (id INT PRIMARY KEY)`)
  await eventually(
    async () => {
      const found = await target.query(`SHOW TABLES FROM ${schema} LIKE '${end}'`)
      if (found.length === 0) throw new Error(task.report?.problem?.message ?? 'not yet')
      return true
    },
    20_000,
    'what was logged is applied',
  )
  stopping.abort()
  await sending
}

/** Rows that a source reads again for these keys, all bytes of a key as latin1; here it reads all others too. */
export async function rereadItem(
  { source, schema }: Copying,
  name: string,
  keys: readonly string[],
): Promise<FrameItem> {
  const table = (await copyTables(source, schema)).find((one) => one.table === name)
  if (table === undefined) throw new Error(`no table ${name}`)
  const pieces = (await chunkItems(source, table, 1_000_000)).flatMap((item) =>
    item.kind === 'chunk' ? [item.chunk] : [],
  )
  const [first] = pieces
  if (first === undefined) throw new Error('no chunk')
  const rows = Buffer.concat(pieces.map((piece) => piece.rows))
  const rowCount = pieces.reduce((sum, piece) => sum + piece.rowCount, 0)
  const tuples = keys.map((key) => [Buffer.from(key, 'latin1').toString('base64')])
  return { kind: 'chunk', chunk: { ...first, isReread: true, isLast: true, keys: tuples, rowCount, rows } }
}

export async function untilStreaming({ task }: Copying): Promise<void> {
  const check = () => {
    if (task.report?.stage !== 'incremental') throw new Error(task.report?.problem?.message ?? task.report?.description)
    return true
  }
  await eventually(check, 20_000, 'the end of the copy')
  await eventually(() => task.report?.problem === null, 10_000, 'the end of the problem')
}

export async function expectEqual(copying: Copying): Promise<void> {
  const [rows] = (await copying.writer.query('SHOW TABLES')) as unknown as [Record<string, string>[]]
  for (const row of rows) {
    const table = Object.values(row)[0] ?? ''
    const lines = (server: TestServer) => tableLines(server, copying.schema, table)
    expect([table, await lines(copying.target)]).toEqual([table, await lines(copying.source)])
  }
}
