import { describe, expect, test } from 'vitest'
import { MariadbGtidPosition } from './mariadb-gtid.ts'
import { comparePositions, formatPosition, isAtOrAfter, type Position } from './position.ts'

const uuid = '3e11fa47-71ca-11e1-9e33-c80aa9429562'

const mysql = (executed: string): Position => ({ kind: 'mysql-gtid', executed, file: '', offset: 0 })
const mariadb = (gtid: string): Position => ({ kind: 'mariadb-gtid', gtid, file: '', offset: 0 })
const file = (name: string, offset: number): Position => ({ kind: 'file', file: name, offset })

describe('order', () => {
  test.each([
    [mysql(`${uuid}:1-5`), mysql(`${uuid}:1-5`), 0],
    [mysql(`${uuid}:1-6`), mysql(`${uuid}:1-5`), 1],
    [mysql(''), mysql(`${uuid}:1`), -1],
    [mysql(`${uuid}:1-4:6`), mysql(`${uuid}:1-5`), null],
    [mariadb('0-1-5'), mariadb('0-2-4'), 1],
    [mariadb('0-1-5,1-1-1'), mariadb('0-1-5'), 1],
    [mariadb('0-1-5'), mariadb('0-1-5,1-1-1'), -1],
    [mariadb('0-1-6'), mariadb('0-1-5,1-1-1'), null],
    [file('binlog.000002', 4), file('binlog.000001', 999), 1],
    [file('binlog.1000000', 4), file('binlog.999999', 999), 1],
    [file('binlog.000001', 4), file('binlog.000001', 5_000_000_000), -1],
    [file('binlog.000001', 4), mysql(''), null],
  ] as const)('%j against %j is %j', (left, right, order) => {
    const found = comparePositions(left, right)
    expect(found === null ? null : Math.sign(found)).toBe(order)
    expect(isAtOrAfter(left, right)).toBe(order === 0 || order === 1)
  })
})

test('a status line shows GTIDs and the place in the file', () => {
  expect(formatPosition(file('binlog.000004', 77))).toBe('binlog.000004:77')
  expect(formatPosition(mysql(''))).toBe('(the beginning)')
  expect(formatPosition({ kind: 'mysql-gtid', executed: `${uuid}:1-5`, file: 'b.1', offset: 9 })).toBe(
    `${uuid}:1-5 (b.1:9)`,
  )
})

describe('a MariaDB position', () => {
  test('keeps the last GTID of each domain, in the log’s order, not by number', () => {
    const position = MariadbGtidPosition.parse('1-7-12, 0-1-270')
    position.advance({ domain: 0, serverId: 2, sequence: 3n })
    expect(position.toString()).toBe('0-2-3,1-7-12')
  })

  test.each(['0-1', '0-1-2-3', 'a-1-2', '0-1-2,0-1-3', '4294967296-1-1', '0-1-18446744073709551616'])(
    '%s is refused',
    (text) => {
      expect(() => MariadbGtidPosition.parse(text)).toThrow()
    },
  )
})
