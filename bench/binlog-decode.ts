/**
 * How fast the binlog client reads a real server's log, beside the npm reader `@vlasky/zongji`: events alone, transactions,
 * row images found, values and SQL literals made of every column.
 *
 *     node bench/binlog-decode.ts [mysql-9.7 | mysql-5.6 | mariadb-10.11] [--rows 200000] [--rounds 3] [--smoke]
 *
 * Every line reads the same log from its start over a new connection, a quick reader several times: half a second at
 * least, so that none is measured mostly while it is still being compiled. Values are made of both images of an update,
 * text columns become text, and what the ids add up to must be right. Readers take turns, and the median counts.
 */
import { parseArgs } from 'node:util'
import { type RowImage, type RowsReader, rowValues, sqlLiteral } from '../src/binlog/index.ts'
import type { ServerKind } from '../test/harness/mysql-servers.ts'
import { readByZongji } from './binlog/read-by-zongji.ts'
import { type LogWork, readLog } from './binlog/read-log.ts'
import { fillLog, type RowLog } from './binlog/row-log.ts'
import { type Figure, type Target, tellFigures } from './figures.ts'

interface Contender {
  readonly name: string
  readonly work: LogWork | 'zongji'
  /** By default they are cut off unread, as the peer does it. */
  readonly checksum?: 'verify' | 'none'
  /** Times the npm reader's rows. */
  readonly asked?: number
}

interface Round {
  readonly perSecond: number
  /** For the log once. */
  readonly cpuSeconds: number
  readonly megabytesPerSecond: number
}

const literal = { isUnsigned: false, charset: 'utf8mb4', json: 'exact' } as const
/** As the other reader, whose users get text. */
const textColumns = [false, false, false, false, false, true, true]
const peer = 'zongji, every column to a value'

const images: LogWork = { before: null, after: (image) => idOf(image) }
const everyValue: LogWork = { before: valuesOf, after: valuesOf }

const contenders: readonly Contender[] = [
  { name: peer, work: 'zongji' },
  { name: 'events', work: 'events' },
  { name: 'transactions', work: 'transactions' },
  { name: 'headers and row images only', work: images, asked: 10 },
  { name: 'headers and row images only, checksums verified', work: images, checksum: 'verify' },
  { name: 'every column to a value', work: everyValue, asked: 3 },
  { name: 'every column to a value, checksums verified', work: everyValue, checksum: 'verify' },
  { name: 'every column to an SQL literal', work: { before: literalsOf, after: literalsOf } },
]

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { rows: { type: 'string' }, rounds: { type: 'string' }, smoke: { type: 'boolean', default: false } },
})
const kind = (positionals[0] ?? 'mysql-9.7') as ServerKind
const rows = Number(values.rows ?? (values.smoke ? 2_000 : 200_000))
const roundSeconds = values.smoke ? 0 : 0.5
const rounds = Number(values.rounds ?? (values.smoke ? 1 : 3))
await using log = await fillLog(kind, rows)
const { events } = await readLog(log.server, { work: 'transactions', checksum: 'verify' })
console.log(`${kind}, ${log.rows} changes in ${events} events`)
tellFigures(figuresOf(await measure(log)))

/** Each contender in turn, so that what else the machine does meets them all. */
async function measure(from: RowLog): Promise<ReadonlyMap<Contender, readonly Round[]>> {
  const all = new Map<Contender, Round[]>()
  for (let round = 0; round < rounds; round += 1)
    for (const contender of contenders)
      all.set(contender, [...(all.get(contender) ?? []), await oneRound(contender, from)])
  return all
}

/** Reads the log until `roundSeconds` have passed. */
async function oneRound(contender: Contender, from: RowLog): Promise<Round> {
  const total = { passes: 0, seconds: 0, cpuSeconds: 0, bytes: 0 }
  while (total.passes === 0 || total.seconds < roundSeconds) {
    const { seconds, cpuSeconds, bytes } = await readOnce(contender, from)
    total.passes += 1
    total.seconds += seconds
    total.cpuSeconds += cpuSeconds
    total.bytes += bytes
  }
  const { passes, seconds, cpuSeconds, bytes } = total
  return {
    perSecond: (from.rows * passes) / seconds,
    cpuSeconds: cpuSeconds / passes,
    megabytesPerSecond: bytes / seconds / 1e6,
  }
}

/** @throws Error when it did not see every row */
async function readOnce({ name, work, checksum = 'none' }: Contender, { server, rows: wanted, idSum }: RowLog) {
  const isPeer = work === 'zongji'
  const read = isPeer
    ? { bytes: 0, ...(await readByZongji(server, wanted)) }
    : await readLog(server, { work, checksum, lastEvent: events })
  const hasRows = isPeer || typeof work !== 'string'
  if (hasRows && (read.rows !== wanted || read.sum !== idSum))
    throw new Error(`${name}: ${read.rows} rows with ids of ${read.sum}, there are ${wanted} with ${idSum}`)
  return read
}

function figuresOf(all: ReadonlyMap<Contender, readonly Round[]>): readonly Figure[] {
  const peerRate = median((all.get(contenders[0] ?? { name: peer, work: 'zongji' }) ?? []).map(perSecondOf))
  return [...all].flatMap(([contender, done]) => contenderFigures(contender, done, peerRate))
}

function contenderFigures({ name, work, asked }: Contender, done: readonly Round[], peerRate: number): Figure[] {
  const rates = done.map(perSecondOf)
  const value = median(rates)
  const compared = work === 'zongji' ? {} : { comparedWith: peer, ratio: value / peerRate }
  const targets: readonly Target[] = asked === undefined || values.smoke ? [] : [{ of: 'ratio', atLeast: asked }]
  return [
    {
      ...{ measure: name, value, unit: 'rows/s', spread: [Math.min(...rates), Math.max(...rates)], ...compared },
      ...(targets.length === 0 ? {} : { targets }),
    },
    ...(work === 'zongji'
      ? []
      : [{ measure: `${name}: bytes`, value: median(done.map((one) => one.megabytesPerSecond)), unit: 'MB/s' }]),
    {
      ...{ measure: `${name}: CPU a million rows`, unit: 's' },
      value: (median(done.map(({ cpuSeconds }) => cpuSeconds)) / log.rows) * 1e6,
    },
  ]
}

function perSecondOf({ perSecond }: Round): number {
  return perSecond
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN
}

/** The first column of the table. */
function idOf(image: RowImage): number {
  return image.buffer.readInt32LE(image.starts[0] ?? 0)
}

function valuesOf(image: RowImage, { table }: RowsReader): number {
  return Number(rowValues(image, table.columns, null, textColumns)[0])
}

function literalsOf(image: RowImage, { table }: RowsReader): number {
  for (const [index, column] of table.columns.entries())
    sqlLiteral(column, literal, image.buffer, image.starts[index] ?? 0, image.ends[index] ?? 0)
  return idOf(image)
}
