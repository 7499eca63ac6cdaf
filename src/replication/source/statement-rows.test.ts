import { expect, test } from 'vitest'
import { EventType } from '../../binlog/event-type.ts'
import { type RawEvent, rawEvent } from '../../binlog/raw-event.ts'
import { StatementRows } from './statement-rows.ts'
import { TableNames } from './table-names.ts'

function event(type: number, body: readonly number[]): RawEvent {
  const buffer = Buffer.concat([Buffer.alloc(19), Buffer.from(body)])
  buffer.writeUInt8(type, 4)
  return rawEvent(buffer)
}

function map(id: number, table: string): RawEvent {
  const names = [1, 0x73, 0, table.length, ...Buffer.from(table), 0]
  return event(EventType.TableMap, [id, 0, 0, 0, 0, 0, 0, 0, ...names])
}

function rows(id: number, isLast: boolean): RawEvent {
  return event(EventType.WriteRows, [id, 0, 0, 0, 0, 0, isLast ? 1 : 0, 0, 99])
}

/** What is passed on: `m1` for a map, `r1` and `r1!` (last) for rows. */
function pass(events: readonly RawEvent[], wanted: readonly string[]): string[] {
  const statement = new StatementRows((_schema, table) => wanted.includes(table))
  const out: RawEvent[] = []
  for (const each of events) {
    if (each.header.type === EventType.TableMap) statement.tableMap(each)
    else out.push(...statement.rows(each))
  }
  return out.map(({ header, buffer }) => {
    const id = buffer.readUInt8(19)
    return header.type === EventType.TableMap ? `m${id}` : `r${id}${buffer.readUInt8(25) === 1 ? '!' : ''}`
  })
}

const statement = () => [map(1, 'a'), map(2, 'b'), rows(1, false), rows(2, false), rows(1, false), rows(2, true)]

test.each([
  [
    ['a', 'b'],
    ['m1', 'm2', 'r1', 'r2', 'r1', 'r2!'],
  ],
  [['a'], ['m1', 'r1', 'r1!']],
  [['b'], ['m2', 'r2', 'r2!']],
  [[], []],
])('a statement on two tables of which %j are wanted', (wanted, expected) => {
  expect(pass(statement(), wanted)).toEqual(expected)
})

test('a table map whose rows never come is not passed on', () => {
  expect(pass([map(1, 'a'), map(2, 'b'), rows(2, true)], ['a'])).toEqual([])
})

test('an event of no table that only ends the statement ends it for the rows before', () => {
  expect(pass([map(1, 'a'), rows(1, false), rows(255, true)], ['a'])).toEqual(['m1', 'r1!'])
})

test('a table id stands for another table in the next statement', () => {
  expect(pass([map(1, 'a'), rows(1, true), map(1, 'b'), rows(1, true)], ['a'])).toEqual(['m1', 'r1!'])
})

test('an id that another table gets is known by the new name', () => {
  const names = new TableNames()
  expect(names.of(map(1, 'a')).table).toBe('a')
  expect(names.of(map(1, 'a'))).toBe(names.of(map(1, 'a')))
  expect(names.of(map(1, 'b')).table).toBe('b')
  expect(names.of(map(1, 'bc')).table).toBe('bc')
  expect(names.of(map(2, 'a'))).toMatchObject({ tableId: 2, schema: 's', table: 'a' })
})
