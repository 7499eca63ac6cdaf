import { expect, test } from 'vitest'
import { formatTable } from './table.ts'

test('columns are as wide as their widest cell, and no line ends in blanks', () => {
  expect(
    formatTable(
      ['NAME', 'N'],
      [
        ['a longer name', '1'],
        ['b', ''],
      ],
    ),
  ).toBe('NAME           N\na longer name  1\nb')
})

test('what could move the cursor does not reach the terminal', () => {
  expect(formatTable(['X'], [['a\u001b[2J\nb']])).toBe('X\na·[2J·b')
})

test('wide characters take two columns and accents none', () => {
  expect(
    formatTable(
      ['A', 'B'],
      [
        ['夜間', '1'],
        ['e\u0301', '2'],
      ],
    ),
  ).toBe('A     B\n夜間  1\ne\u0301     2')
})

test('what turns the direction of text does not reach the terminal', () => {
  expect(formatTable(['X'], [['a\u202eb\u2066c']])).toBe('X\na·b·c')
})
