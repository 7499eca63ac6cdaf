import { expect, test } from 'vitest'
import {
  everything,
  exactPattern,
  excludingPattern,
  includesTable,
  includesTablesToCome,
  matches,
  nothing,
  type Scope,
  withSchema,
  withTable,
} from './scope.ts'

const shopTables = ['orders', 'items', 'customers']
const tick = (scope: Scope, table: string, isWanted: boolean) => withTable(scope, 'shop', table, isWanted, shopTables)

test('a schema that is ticked is replicated whole, with the tables to come', () => {
  const scope = withSchema(nothing, 'shop', true)
  expect(scope.include).toEqual([{ schema: 'shop', tables: [] }])
  expect(includesTablesToCome(scope, 'shop')).toBe(true)
  expect(includesTable(scope, 'shop', 'made_later')).toBe(true)
})

test('a table taken out of a whole schema is an exception, so that tables to come still follow', () => {
  const scope = tick(withSchema(nothing, 'shop', true), 'items', false)
  expect(scope).toEqual({
    isEverything: false,
    include: [{ schema: 'shop', tables: [] }],
    exclude: [{ schema: 'shop', tables: ['items'] }],
  })
  expect(includesTablesToCome(scope, 'shop')).toBe(true)
  expect(tick(scope, 'items', true)).toEqual(withSchema(nothing, 'shop', true))
})

test('tables ticked one by one are named one by one', () => {
  const two = tick(tick(nothing, 'orders', true), 'items', true)
  expect(two.include).toEqual([{ schema: 'shop', tables: ['orders', 'items'] }])
  expect(includesTablesToCome(two, 'shop')).toBe(false)
  expect(tick(two, 'orders', false).include).toEqual([{ schema: 'shop', tables: ['items'] }])
})

test('the last table taken out leaves no rule behind, which would mean the whole schema', () => {
  expect(tick(tick(nothing, 'orders', true), 'orders', false)).toEqual(nothing)
})

test('a whole schema ticked over single tables takes their place', () => {
  const scope = withSchema(tick(nothing, 'orders', true), 'shop', true)
  expect(scope.include).toEqual([{ schema: 'shop', tables: [] }])
})

test('a schema unticked takes its rules and exceptions with it', () => {
  expect(withSchema(tick(withSchema(nothing, 'shop', true), 'items', false), 'shop', false)).toEqual(nothing)
})

test('with everything replicated, an unticked schema is left out, and ticking it brings it back', () => {
  const without = withSchema(everything, 'shop', false)
  expect(without).toEqual({ ...everything, exclude: [{ schema: 'shop', tables: [] }] })
  expect(withSchema(without, 'shop', true)).toEqual(everything)
})

test('one table of a schema that is left out comes back alone', () => {
  const scope = tick(withSchema(everything, 'shop', false), 'orders', true)
  expect(includesTable(scope, 'shop', 'orders')).toBe(true)
  expect(includesTable(scope, 'shop', 'items')).toBe(false)
  expect(includesTable(scope, 'crm', 'people')).toBe(true)
})

test('a schema that a pattern names is left out by an exception', () => {
  const scope: Scope = { isEverything: false, include: [{ schema: 'shop*', tables: [] }], exclude: [] }
  const without = withSchema(scope, 'shop_eu', false)
  expect(without.exclude).toEqual([{ schema: 'shop_eu', tables: [] }])
  expect(includesTable(without, 'shop_us', 'orders')).toBe(true)
  expect(withSchema(without, 'shop_eu', true)).toEqual(scope)
})

test('a table that a pattern leaves out is told apart from one that a box can bring back', () => {
  const scope: Scope = { ...everything, exclude: [{ schema: '*', tables: ['tmp_*'] }] }
  expect(excludingPattern(scope, 'shop', 'tmp_1')).toEqual({ schema: '*', tables: ['tmp_*'] })
  expect(excludingPattern(tick(everything, 'orders', false), 'shop', 'orders')).toBeNull()
})

test.each([
  ['orders', 'orders', true],
  ['orders', 'Orders', false],
  ['order?', 'orders', true],
  ['order?', 'orders2', false],
  ['*_log', 'audit_log', true],
  ['a.b*', 'axb', false],
  ['/^shop_[0-9]+$/', 'shop_12', true],
  ['/^shop_[0-9]+$/', 'shop_x', false],
  ['/(/', 'anything', false],
])('the pattern %s and the name %s', (pattern, name, expected) => {
  expect(matches(pattern, name)).toBe(expected)
})

test.each(['plain', 'with`backtick', 'star*name', 'what?', '/slashes/', 'dot.ted-and$', '[x]{2}*'])(
  'the name %s is written so that it names itself alone',
  (name) => {
    const pattern = exactPattern(name)
    expect(matches(pattern, name)).toBe(true)
    expect(matches(pattern, `${name}x`)).toBe(false)
  },
)
