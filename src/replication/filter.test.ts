import { describe, expect, test } from 'vitest'
import { InvalidError } from '../core/errors.ts'
import type { SchemaFilter } from '../model/replication-job.ts'
import { createFilter } from './filter.ts'

function filterOf(include: readonly SchemaFilter[], exclude: readonly SchemaFilter[] = [], lowerCaseTableNames = 0) {
  return createFilter({ include, exclude, lowerCaseTableNames })
}

describe('without rules', () => {
  const filter = filterOf([])

  test.each([
    ['shop', 'orders', true],
    ['Ünï-cödé `x`', 't', true],
    ['mysql', 'user', false],
    ['MySQL', 'user', false],
    ['sys', 'x', false],
    ['information_schema', 'x', false],
    ['performance_schema', 'x', false],
    ['millrace', 'checkpoint', false],
  ])('%s.%s: %s', (schema, table, isIn) => {
    expect(filter.includesTable(schema, table)).toBe(isIn)
    expect(filter.includesSchema(schema)).toBe(isIn)
    expect(filter.includesWholeSchema(schema)).toBe(isIn)
  })
})

describe('with names, wildcards and expressions', () => {
  const filter = filterOf(
    [
      { schema: 'shop', tables: ['orders', 'log_*', '/^item[0-9]+$/'] },
      { schema: 'eu?', tables: [] },
      { schema: '/^tenant_/', tables: ['t'] },
      { schema: 'a.b', tables: ['x+y'] },
    ],
    [
      { schema: 'eu1', tables: ['secret*'] },
      { schema: 'eu2', tables: [] },
    ],
  )

  test.each([
    ['shop', 'orders', true],
    ['shop', 'Orders', false],
    ['shop', 'orders2', false],
    ['shop', 'log_', true],
    ['shop', 'log_2024', true],
    ['shop', 'item12', true],
    ['shop', 'item', false],
    ['eu1', 'anything', true],
    ['eu1', 'secrets', false],
    ['eu2', 'anything', false],
    ['eu', 'anything', false],
    ['eu12', 'anything', false],
    ['tenant_7', 't', true],
    ['tenant_7', 'u', false],
    ['a.b', 'x+y', true],
    ['axb', 'x+y', false],
    ['a.b', 'xxy', false],
  ])('%s.%s: %s', (schema, table, isIn) => {
    expect(filter.includesTable(schema, table)).toBe(isIn)
  })

  test('a schema is whole only when no rule leaves out a part of it', () => {
    expect(filter.includesWholeSchema('eu3')).toBe(true)
    expect(filter.includesWholeSchema('eu1')).toBe(false)
    expect(filter.includesWholeSchema('shop')).toBe(false)
    expect(filter.includesSchema('shop')).toBe(true)
    expect(filter.includesSchema('eu2')).toBe(false)
  })

  test('tables are known by name only where all rules name them', () => {
    expect(filter.tablesByName('tenant_7')).toEqual(['t'])
    expect(filter.tablesByName('shop')).toBeNull()
    expect(filter.tablesByName('eu3')).toBeNull()
  })
})

test.each([
  ['_orders_gho', true],
  ['_orders_ghc', true],
  ['_orders_del', true],
  ['_orders_20240131120000_del', true],
  ['_orders_new', true],
  ['__orders_new', true],
  ['_orders_old', true],
  ['_other_gho', false],
  ['orders_new', false],
])('the table %s of a schema change tool follows its table: %s', (table, isIn) => {
  expect(filterOf([{ schema: 'shop', tables: ['orders'] }]).includesTable('shop', table)).toBe(isIn)
})

test('a tool table of a table left out is left out too', () => {
  const filter = filterOf([], [{ schema: 'shop', tables: ['orders'] }])
  expect(filter.includesTable('shop', '_orders_gho')).toBe(false)
  expect(filter.includesTable('shop', '_users_gho')).toBe(true)
})

test('names compare in any case where the server does', () => {
  const filter = filterOf([{ schema: 'Shop', tables: ['Orders', 'Log*', '/^X/'] }], [], 1)
  for (const table of ['ORDERS', 'logs', 'xyz']) expect(filter.includesTable('SHOP', table)).toBe(true)
})

test('every bad pattern is named', () => {
  const make = () => filterOf([{ schema: '/(/', tables: ['', '/[/'] }])
  expect(make).toThrow(InvalidError)
  expect(make).toThrow(/ReplicateDoDb\[0\]\.TableSchema.*Tables\[0\].*Tables\[1\]/s)
})
