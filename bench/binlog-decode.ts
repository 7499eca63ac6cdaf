/**
 * How fast the binlog client reads a real server's log: events alone, transactions, row images found, values made.
 *
 *     node bench/binlog-decode.ts [mysql-9.7 | mysql-5.6 | mariadb-10.11]
 *
 * Absolute figures drift with the machine; the ratios between the lines are what to keep. Every line reads the same log
 * from the start over a new connection, checksums verified.
 */
import {
  decodeTableMap,
  isAtOrAfter,
  openBinlogStream,
  type RowImage,
  RowsReader,
  rowValues,
  sqlLiteral,
  type TransactionPart,
  TransactionReader,
} from '../src/binlog/index.ts'
import { dumpOptions, endOfLog } from '../test/binlog/collect-parts.ts'
import { type ServerKind, startServer, type TestServer } from '../test/harness/mysql-servers.ts'
import { type Figure, tellFigures } from './figures.ts'

const rowCount = 100_000
const rowsAStatement = 1_000

/** What one run does with each row of a rows event. */
type RowWork = ((image: RowImage, reader: RowsReader) => void) | null

async function fill(server: TestServer): Promise<void> {
  await server.query('CREATE DATABASE d; USE d')
  await server.query(
    'CREATE TABLE t (id INT PRIMARY KEY, k INT UNSIGNED, n BIGINT, price DECIMAL(12,2), at DATETIME(3), c CHAR(120), p VARCHAR(60))',
  )
  for (let id = 0; id < rowCount; id += rowsAStatement) {
    const rows = Array.from(
      { length: rowsAStatement },
      (_none, index) =>
        `(${id + index}, ${index * 7}, ${id * 1_000_003}, ${index}.25, '2024-02-29 12:34:56.789', REPEAT('c', 120), 'pad pad pad')`,
    )
    await server.query(`INSERT INTO t VALUES ${rows.join(',')}`)
  }
  await server.query('UPDATE t SET k = k + 1')
  for (let id = 0; id < 20_000; id += 1) await server.query(`UPDATE t SET n = n + 1 WHERE id = ${id}`)
}

interface Totals {
  bytes: number
  events: number
  transactions: number
  rows: number
}

/** Reads everything; without `work` not even the parts are made. */
async function read(
  server: TestServer,
  withParts: boolean,
  work: RowWork,
): Promise<Totals & { seconds: number; cpuSeconds: number }> {
  const until = await endOfLog(server)
  const start =
    server.vendor === 'mysql' ? ({ ...until, executed: '' } as typeof until) : ({ ...until, gtid: '' } as typeof until)
  const totals: Totals = { bytes: 0, events: 0, transactions: 0, rows: 0 }
  const lastEvents = withParts ? null : await countEvents(server)
  const cpu = process.cpuUsage()
  const startedMs = performance.now()
  await using stream = await openBinlogStream(dumpOptions(server, start))
  const reader = new TransactionReader(start)
  const rows = new RowWalker(totals, work)
  while (lastEvents === null ? !isAtOrAfter(reader.position, until) : totals.events < lastEvents) {
    const events = (await stream.nextBatch()) ?? []
    totals.events += events.length
    for (const event of events) totals.bytes += event.buffer.length
    if (withParts) for (const part of reader.read(events)) rows.take(part)
  }
  const { user, system } = process.cpuUsage(cpu)
  return { ...totals, seconds: (performance.now() - startedMs) / 1000, cpuSeconds: (user + system) / 1e6 }
}

class RowWalker {
  readonly #totals: Totals
  readonly #work: RowWork
  #reader: RowsReader | null = null

  constructor(totals: Totals, work: RowWork) {
    this.#totals = totals
    this.#work = work
  }

  take(part: TransactionPart): void {
    if (part.kind === 'commit' || part.kind === 'ddl') this.#totals.transactions += 1
    if (this.#work === null) return
    if (part.kind === 'table-map') this.#reader = new RowsReader(decodeTableMap(part.event))
    if (part.kind !== 'rows' || this.#reader === null) return
    this.#reader.open(part.event)
    while (this.#reader.next()) {
      this.#totals.rows += 1
      this.#work(this.#reader.after, this.#reader)
    }
  }
}

let eventCount: number | null = null

async function countEvents(server: TestServer): Promise<number> {
  if (eventCount === null) eventCount = (await read(server, true, null)).events
  return eventCount
}

const runs: readonly { readonly name: string; readonly withParts: boolean; readonly work: RowWork }[] = [
  { name: 'events, checksums verified', withParts: false, work: null },
  { name: 'transactions', withParts: true, work: null },
  { name: 'row images found', withParts: true, work: () => {} },
  {
    name: 'every column to a value',
    withParts: true,
    work: (image, reader) => {
      rowValues(image, reader.table.columns, null)
    },
  },
  {
    name: 'every column to an SQL literal',
    withParts: true,
    work: (image, { table }) => {
      const options = { isUnsigned: false, charset: 'utf8mb4', json: 'exact' } as const
      for (const [index, column] of table.columns.entries())
        sqlLiteral(column, options, image.buffer, image.starts[index] ?? 0, image.ends[index] ?? 0)
    },
  },
]

const kind = (process.argv[2] ?? 'mysql-9.7') as ServerKind
await using server = await startServer(kind)
await fill(server)
await countEvents(server)
let base: number | null = null
const figures: Figure[] = []
console.log(`${kind}, ${rowCount} rows inserted, ${rowCount} updated at once, 20000 updated one by one`)
for (const { name, withParts, work } of runs) {
  const { seconds, cpuSeconds, bytes, events, rows } = await read(server, withParts, work)
  base ??= seconds
  const compared = { comparedWith: 'events alone', ratio: base / seconds }
  figures.push({ measure: name, value: bytes / seconds / 1e6, unit: 'MB/s', ...compared })
  figures.push({ measure: `${name}: events`, value: events / seconds, unit: '1/s' })
  if (rows > 0) figures.push({ measure: `${name}: rows`, value: rows / seconds, unit: '1/s' })
  figures.push({ measure: `${name}: CPU`, value: cpuSeconds, unit: 's' })
}
tellFigures(figures)
