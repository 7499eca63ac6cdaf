import { expect, test } from 'vitest'
import type { FoundSchema, FoundTable } from '../wire.ts'
import { everything, nothing, withSchema, withTable } from './scope.ts'
import { schemaNodes, sumsOf, withFound } from './scope-tree.ts'

const table = (name: string, rows: number, hasKey = true): FoundTable => ({
  name,
  kind: 'table',
  rows_estimate: rows,
  bytes: rows * 100,
  engine: 'InnoDB',
  has_key: hasKey,
})
const shop: FoundSchema = {
  name: 'shop',
  tables: [table('orders', 1000), table('items', 500), table('audit', 10, false)],
}
const crm: FoundSchema = { name: 'crm', tables: [table('people', 20)] }
const empty: FoundSchema = { name: 'empty', tables: [] }

test('a box says whether all, some or none of a schema is picked', () => {
  const scope = withTable(withSchema(nothing, 'crm', true), 'shop', 'orders', true, ['orders', 'items', 'audit'])
  const states = schemaNodes([shop, crm, empty], scope, '').map(({ schema, state }) => [schema.name, state])
  expect(states).toEqual([
    ['shop', 'some'],
    ['crm', 'all'],
    ['empty', 'none'],
  ])
})

test('a schema without tables can be picked for those to come', () => {
  expect(schemaNodes([empty], withSchema(nothing, 'empty', true), '')[0]).toMatchObject({
    state: 'all',
    followsNew: true,
  })
})

test('a whole schema less one table is partly picked and still follows new tables', () => {
  const scope = withTable(withSchema(nothing, 'shop', true), 'shop', 'items', false, [])
  expect(schemaNodes([shop], scope, '')[0]).toMatchObject({ state: 'some', pickedCount: 2, followsNew: true })
})

test.each([
  ['', ['shop:orders,items,audit', 'crm:people']],
  ['SHOP', ['shop:orders,items,audit']],
  ['e', ['shop:orders,items', 'crm:people']],
  ['shop.or', ['shop:orders']],
  ['nothing like it', []],
])('a search for "%s" leaves what fits', (search, expected) => {
  const nodes = schemaNodes([shop, crm], nothing, search)
  expect(nodes.map(({ schema, shown }) => `${schema.name}:${shown.map(({ name }) => name)}`)).toEqual(expected)
})

test('the sums count what is picked, and tables without a key', () => {
  expect(sumsOf([shop, crm, empty], everything)).toEqual({
    schemas: 3,
    tables: 4,
    rows: 1530,
    bytes: 153_000,
    withoutKey: 1,
  })
  expect(sumsOf([shop, crm], withSchema(nothing, 'crm', true))).toMatchObject({ schemas: 1, tables: 1, withoutKey: 0 })
})

test('selecting what a search has found takes whole schemas, and single tables where it has cut one', () => {
  const nodes = schemaNodes([shop, crm], nothing, 'e')
  expect(withFound(nothing, nodes, true).include).toEqual([
    { schema: 'shop', tables: ['orders', 'items'] },
    { schema: 'crm', tables: [] },
  ])
  const without = withFound(withSchema(nothing, 'shop', true), schemaNodes([shop], nothing, 'items'), false)
  expect(without.exclude).toEqual([{ schema: 'shop', tables: ['items'] }])
})
