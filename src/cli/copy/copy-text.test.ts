import { expect, test } from 'vitest'
import { comparisonText } from './comparison-text.ts'
import { allTables, copyLine, copyLines, tableKey } from './copy-text.ts'
import { headLine, obstacles, warnings } from './look-text.ts'
import type { ComparedTable, CopyLook, CopyProgress } from './ports.ts'
import { Rates } from './rates.ts'

const terminal = { columns: () => 120, rows: () => 40, hasColour: false, hasBlocks: false }
const orders = {
  schema: 'shop',
  table: 'orders',
  rowsDone: 250,
  rowsTotal: 1_000,
  bytesDone: 25_000,
  bytesTotal: 100_000,
  isDone: false,
}
const customer = { ...orders, table: 'customer', rowsDone: 10, rowsTotal: 10, isDone: true }
const progress: CopyProgress = {
  ...{ stage: 'full', description: 'writes the copy', hindrance: null, tables: [orders, customer], position: '' },
  copied: { rowsDone: 260, rowsTotal: 1_010, bytesDone: 26_000, bytesTotal: 101_000 },
  ...{ rowsPerSecond: 0, bytesPerSecond: 0, transactionsPerSecond: 0, transactionsTotal: 0, ddlTotal: 0 },
  ...{ lagMs: null, etaMs: null },
}

function ratesAfterTwoSeconds(): Rates {
  const rates = new Rates()
  const before = { ...progress.copied, rowsDone: 0, bytesDone: 0 }
  for (const name of [allTables, tableKey(orders)]) {
    rates.note(name, before, 0)
    rates.note(name, name === allTables ? progress.copied : orders, 2_000)
  }
  return rates
}

test('a copy is a bar for all tables and one for each that is not done, with rows, bytes, rate and time left', () => {
  const [total, table, ...rest] = copyLines(progress, ratesAfterTwoSeconds(), { terminal })
  expect(total).toMatch(
    /^total +\[#{5}\.{15}\] +25\.7 % +260 of 1\.0 k rows +26\.0 kB +130 rows\/s +13\.0 kB\/s +5\.7 s left +1 of 2 tables$/,
  )
  expect(table).toMatch(
    /^shop\.orders +\[#{5}\.{15}\] +25\.0 % +250 of 1\.0 k rows +25\.0 kB +125 rows\/s +12\.5 kB\/s +6\.0 s left$/,
  )
  expect(rest).toEqual([])
})

test('a plain line has fixed words and plain numbers', () => {
  const line = copyLine(progress, ratesAfterTwoSeconds(), new Date('2026-01-02T03:04:05Z'))
  expect(line).toBe(
    '2026-01-02T03:04:05Z copies 25.7% tables 1/2 rows 260/1010 bytes 26000 130 rows/s 13000 bytes/s eta 5.7 s',
  )
})

test('once the copy is over the bars give way to lag and rates, and to what hinders', () => {
  const following = {
    ...progress,
    stage: 'incremental',
    lagMs: 40,
    transactionsTotal: 7,
    hindrance: 'db2:3306 is\u001b[31m away',
  } as const
  const lines = copyLines(following, new Rates(), { terminal })
  expect(lines).toHaveLength(3)
  expect(lines[1]).toMatch(/^changes +lag 40 ms .*\(7 transactions so far\)$/)
  expect(lines[2]).toBe('waits: db2:3306 is·[31m away')
  expect(copyLine({ ...following, hindrance: null }, new Rates(), new Date(0))).toMatch(
    /follows lag 40 ms 0 transactions\/s 0 rows\/s 7 transactions$/,
  )
})

test('a table whose name could move the cursor cannot', () => {
  const evil = { ...progress, tables: [{ ...orders, table: '\u001b[2Jx' }] }
  expect(copyLines(evil, new Rates(), { terminal }).join('')).not.toContain('\u001b')
})

const equal: ComparedTable = {
  ...{ schema: 'shop', table: 'orders', verdict: 'equal', missing: 0, extra: 0, changed: 0, unsettled: 0 },
  ...{
    source: { rows: 5, hash: 'a1' },
    target: { rows: 5, hash: 'a1' },
    keyColumns: ['id'],
    firstDiffering: [],
    notes: [],
  },
}
const screen = { print() {}, printError() {}, write() {}, terminal: null }

test('a comparison tells rows and hashes of each table, and the first keys that differ', () => {
  const different: ComparedTable = {
    ...equal,
    ...{
      table: 'log',
      verdict: 'different',
      missing: 1,
      changed: 2,
      target: { rows: 4, hash: 'b2' },
      keyColumns: ['a', 'b'],
    },
    firstDiffering: [
      { difference: 'missing', key: ['1', 'x'] },
      { difference: 'changed', key: ['2', 'y\n'] },
    ],
  }
  const text = comparisonText({ tables: [equal, different], isEqual: false, durationMs: 1_500 }, screen)
  expect(text.split('\n')).toEqual([
    'TABLE        VERDICT    ROWS   HASH AT SOURCE  HASH AT TARGET',
    'shop.orders  equal      5      a1              a1',
    'shop.log     different  5 / 4  a1              b2',
    '',
    'shop.log: 1 row missing at the target; 2 rows different',
    '  a = 1, b = x: missing at the target',
    '  a = 2, b = y·: differs',
    '',
    'not equal: 1 of 2 tables; compared in 1.5 s',
  ])
})

const side = { where: 'db1:3306', vendor: 'mysql', version: '9.7.4-2', failure: null, findings: [] } as const
const table = {
  schema: 'shop',
  name: 'orders',
  kind: 'table',
  rows: 1_234,
  bytes: 50_000,
  hasKey: true,
  rowsAtTarget: null,
} as const
const look: CopyLook = { from: side, to: { ...side, where: 'db2:3306' }, tables: [table], hasAllTables: true }
const fresh = { dropsTables: false, isResumed: false }

test('the first line says what goes where', () => {
  expect(headLine(look)).toBe('MySQL 9.7.4 at db1:3306 -> MySQL 9.7.4 at db2:3306: 1 table, about 1234 rows, 50.0 kB')
})

test('rows at the target are an obstacle, unless they are to be dropped or are this copy’s own', () => {
  const filled = { ...look, tables: [{ ...table, rowsAtTarget: 3 }] }
  expect(obstacles(filled, fresh)).toEqual([
    expect.stringMatching(/db2:3306 already holds rows in shop\.orders; .*--drop-if-exists/),
  ])
  expect(obstacles(filled, { ...fresh, isResumed: true })).toEqual([])
  expect(obstacles(filled, { ...fresh, dropsTables: true })).toEqual([])
  expect(warnings(filled, true)).toEqual([expect.stringMatching(/1 table of the target db2:3306 will be dropped/)])
})

test('what is missing is told with its cure, and a server that does not answer hides everything else', () => {
  const finding = {
    severity: 'error',
    text: 'user u lacks X',
    advice: 'grant it',
    cureSql: 'GRANT X ON *.* TO u',
    cureConfig: null,
  } as const
  const lacking = { ...look, from: { ...side, findings: [finding] } }
  expect(obstacles(lacking, fresh)).toEqual(['user u lacks X; grant it\n    GRANT X ON *.* TO u'])
  expect(obstacles({ ...lacking, to: { ...side, failure: 'db2:3306 is away' } }, fresh)).toEqual(['db2:3306 is away'])
  expect(obstacles({ ...look, tables: [] }, fresh)).toEqual([expect.stringMatching(/no table of what is to be copied/)])
})
