import { expect, test } from 'vitest'
import { closestWord, editDistance } from './closest-word.ts'

test.each([
  ['', '', 0],
  ['abc', 'abc', 0],
  ['abc', '', 3],
  ['nightly', 'nigthly', 1],
  ['hello', 'helo', 1],
  ['a', 'b', 1],
  ['größe', 'große', 1],
])('from %j to %j it takes %d edits', (from, to, edits) => {
  expect(editDistance(from, to)).toBe(edits)
  expect(editDistance(to, from)).toBe(edits)
})

test.each([
  ['nigthly', ['weekly', 'nightly'], 'nightly'],
  ['Nightly', ['nightly'], 'nightly'],
  ['rep', ['report-of-the-month', 'x'], 'report-of-the-month'],
  ['zzz', ['nightly', 'weekly'], null],
  ['a', [], null],
])('for %j of %j it is %j that may have been meant', (word, words, meant) => {
  expect(closestWord(word, words)).toBe(meant)
})
