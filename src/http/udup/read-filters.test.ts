import { expect, test } from 'vitest'
import { splitNames } from './read-filters.ts'

test.each<[string, readonly string[]]>([
  ['', []],
  ['a', ['a']],
  ['a,b', ['a', 'b']],
  [' a , b ', ['a', 'b']],
  ['a,,b,', ['a', 'b']],
  ['My Table,odd-name', ['My Table', 'odd-name']],
  ['`a,b`,c', ['a,b', 'c']],
  ['` x `', [' x ']],
  ['`a``b`', ['a`b']],
  ['O`dd', ['O`dd']],
  ['/^a{1,2}$/,b*', ['/^a{1,2}$/', 'b*']],
  ['/a/b', ['/a/b']],
  ['/', ['/']],
])('%j names %j', (text, names) => {
  expect(splitNames(text)).toEqual(names)
})
