import { expect, test } from 'vitest'
import { parseGrants } from './grants.ts'

test('a privilege held globally holds everywhere', () => {
  const grants = parseGrants(["GRANT SELECT, REPLICATION SLAVE ON *.* TO 'u'@'%' IDENTIFIED BY PASSWORD '*AB'"])
  expect(grants.hasGlobal('REPLICATION SLAVE')).toBe(true)
  expect(grants.hasGlobal('RELOAD')).toBe(false)
  expect(grants.hasOn('SELECT', 'shop', 'orders')).toBe(true)
})

test('ALL PRIVILEGES on a schema is not global', () => {
  const grants = parseGrants(['GRANT USAGE ON *.* TO `u`@`%`', 'GRANT ALL PRIVILEGES ON `shop`.* TO `u`@`%`'])
  expect(grants.hasGlobal('SELECT')).toBe(false)
  expect(grants.hasOn('SELECT', 'shop', 'orders')).toBe(true)
  expect(grants.hasOn('SELECT', 'other', 'orders')).toBe(false)
})

test.each([
  ['shop\\_1', 'shop_1', true],
  ['shop\\_1', 'shopx1', false],
  ['shop_1', 'shopx1', true],
  ['shop%', 'shop.eu', true],
  ['a``b', 'a`b', true],
])('a schema grant for `%s` on schema %s: %s', (pattern, schema, isHeld) => {
  const grants = parseGrants([`GRANT SELECT ON \`${pattern}\`.* TO \`u\`@\`%\``])
  expect(grants.hasOn('SELECT', schema, null)).toBe(isHeld)
})

test('a grant for a table holds for that table only, and a grant for columns for none', () => {
  const grants = parseGrants([
    'GRANT SELECT ON `shop`.`orders` TO `u`@`%`',
    'GRANT INSERT, SELECT (`id`, `name`) ON `shop`.`users` TO `u`@`%`',
  ])
  expect(grants.hasOn('SELECT', 'shop', 'orders')).toBe(true)
  expect(grants.hasOn('SELECT', 'shop', null)).toBe(false)
  expect(grants.hasOn('SELECT', 'shop', 'users')).toBe(false)
  expect(grants.hasOn('INSERT', 'shop', 'users')).toBe(true)
})

test.each([
  ['a pattern that is there', 'GRANT SELECT ON `shop\\_1`.* TO `u`@`%`', 'shop_1', '`shop\\_1`.*'],
  ['the name itself where no grant matches', 'GRANT SELECT ON `other`.* TO `u`@`%`', 'shop_1', '`shop_1`.*'],
  ['the name itself beside a grant for a table', 'GRANT SELECT ON `a``b`.`t` TO `u`@`%`', 'a`b', '`a``b`.*'],
])('a further grant on a schema goes to %s', (_name, grant, schema, place) => {
  expect(parseGrants([grant]).placeOf(schema)).toBe(place)
})
