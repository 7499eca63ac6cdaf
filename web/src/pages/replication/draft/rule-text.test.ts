import { expect, test } from 'vitest'
import { tablesOfText, textOfTables } from './rule-text.ts'

test.each([
  ['', []],
  ['orders', ['orders']],
  ['orders, items ,', ['orders', 'items']],
  ['`a,b`, c', ['a,b', 'c']],
  ['`it``s`', ['it`s']],
  ['/^a{1,2}$/, tmp_*', ['/^a{1,2}$/', 'tmp_*']],
])('the text "%s" names its tables', (text, tables) => {
  expect(tablesOfText(text)).toEqual(tables)
})

test.each([[['orders', 'tmp_*']], [['a,b', ' outer ', 'back`tick', '`']], [['/x,y/', '/not closed, here']]])(
  'tables written as text are the same when read again: %j',
  (tables) => {
    expect(tablesOfText(textOfTables(tables))).toEqual(tables)
  },
)
