import { expect, test } from 'vitest'
import type { WireTable } from '../wire.ts'
import { CopyRates, inOrder, shareDone, tableKey } from './copy-rates.ts'
import { cureIn } from './cure-text.ts'
import { shownPosition } from './position-text.ts'

const table = (TableName: string, more: Partial<WireTable> = {}): WireTable => ({
  TableSchema: 'shop',
  TableName,
  RowsDone: 0,
  RowsTotal: 1000,
  BytesDone: 0,
  BytesTotal: 100_000,
  Done: false,
  ...more,
})

test('a rate and an ETA come with the second report', () => {
  const rates = new CopyRates()
  const key = tableKey(table('orders'))
  expect(rates.add([table('orders')], 1000).get(key)).toMatchObject({ rowsPerSecond: null, etaMs: null })
  const second = rates.add([table('orders', { RowsDone: 200, BytesDone: 20_000 })], 3000).get(key)
  expect(second).toEqual({ rowsPerSecond: 100, bytesPerSecond: 10_000, etaMs: 8000 })
})

test('the same report again changes no rate', () => {
  const rates = new CopyRates()
  rates.add([table('orders')], 1000)
  rates.add([table('orders', { RowsDone: 200 })], 3000)
  const again = rates.add([table('orders', { RowsDone: 200 })], 3000).get(tableKey(table('orders')))
  expect(again?.rowsPerSecond).toBe(100)
})

test('figures that go back begin anew', () => {
  const rates = new CopyRates()
  rates.add([table('orders', { RowsDone: 500 })], 1000)
  const back = rates.add([table('orders', { RowsDone: 100 })], 2000).get(tableKey(table('orders')))
  expect(back?.rowsPerSecond).toBeNull()
})

test('rates are over the last ten seconds', () => {
  const rates = new CopyRates()
  for (const second of [0, 1, 2]) rates.add([table('orders', { RowsDone: second * 100 })], second * 1000)
  const rate = rates.add([table('orders', { RowsDone: 210 })], 12_000).get(tableKey(table('orders')))
  expect(rate?.rowsPerSecond).toBe(1)
})

test('tables at work come first, those that are done last', () => {
  const names = inOrder([
    table('done', { Done: true, BytesTotal: 1_000_000 }),
    table('waits'),
    table('small', { RowsDone: 1, BytesTotal: 10 }),
    table('large', { RowsDone: 1 }),
  ]).map(({ TableName }) => TableName)
  expect(names).toEqual(['large', 'small', 'waits', 'done'])
})

test('an estimate that was too low never shows an unfinished table as whole', () => {
  expect(shareDone(table('orders', { RowsDone: 1000 }))).toBeLessThan(1)
  expect(shareDone(table('orders', { RowsTotal: 0, BytesTotal: 0 }))).toBe(0)
  expect(shareDone(table('orders', { Done: true, RowsTotal: 0 }))).toBe(1)
})

test.each([
  [
    "user 'a'@'%' lacks REPLICATION SLAVE on 10.0.0.1:3306; run GRANT REPLICATION SLAVE ON *.* TO 'a'@'%'",
    "GRANT REPLICATION SLAVE ON *.* TO 'a'@'%'",
  ],
  [
    "user 'a'@'%' lacks SELECT for s.t on h:1; run GRANT SELECT ON `s;x`.`t` TO 'a'@'%', or on `s`.*",
    "GRANT SELECT ON `s;x`.`t` TO 'a'@'%'",
  ],
  [
    'the target h:1 has super_read_only = ON; run SET GLOBAL super_read_only = OFF there, or choose another target',
    'SET GLOBAL super_read_only = OFF',
  ],
  [
    "binlog_format is MIXED on h:1, it must be ROW; run SET GLOBAL binlog_format = 'ROW', set it in the configuration too, and reconnect all clients",
    "SET GLOBAL binlog_format = 'ROW'",
  ],
])('the cure in: %s', (message, statement) => {
  const cure = cureIn(message)
  expect(cure?.statement).toBe(statement)
  expect(`${cure?.before}${cure?.statement}${cure?.after}`).toBe(message)
})

test('the privileges of one GRANT stay together', () => {
  const message = "user u lacks CREATE on `s`.* of the target h:1; run GRANT SELECT, INSERT, CREATE ON `s`.* TO 'u'@'%'"
  expect(cureIn(message)?.statement).toBe("GRANT SELECT, INSERT, CREATE ON `s`.* TO 'u'@'%'")
})

test('a message without a statement has no cure to copy', () => {
  expect(cureIn('the server h:1 cannot be reached; check host and port')).toBeNull()
})

test.each([
  ['0-1-4711 (bin.000003:99)', '0-1-4711', 'bin.000003:99', ['domain 0, server 1: 4,711']],
  [
    '3e11fa47-71ca-11e1-9e33-c80aa9429562:1-1234567,\n8a94f357-aab4-11df-86ab-c80aa9429444:1-3:5-9',
    '3e11fa47-71ca-11e1-9e33-c80aa9429562:1-1234567,\n8a94f357-aab4-11df-86ab-c80aa9429444:1-3:5-9',
    '',
    ['server 3e11fa47…: 1,234,567', 'server 8a94f357…: 9'],
  ],
  ['bin.000003:99', '', 'bin.000003:99', []],
  ['(no GTIDs) (bin.000003:99)', '', 'bin.000003:99', []],
  ['', '', '', []],
])('the position %s', (text, gtids, place, parts) => {
  const shown = shownPosition(text)
  expect(shown).toMatchObject({ gtids, place })
  expect(shown.parts.map(({ name, upTo }) => `${name}: ${upTo}`)).toEqual(parts)
})
