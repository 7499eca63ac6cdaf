import { expect, test } from 'vitest'
import { parseExact } from './exact-json.ts'

test('whole numbers that no double holds keep their digits, all others are numbers', () => {
  const text = '[{"group":1795334810801580643,"small":12,"part":1.5,"text":"1795334810801580643"}]'
  expect(JSON.stringify(parseExact(text))).toBe(text)
  expect(parseExact('[1, -2.5, 1e3, null, true]')).toEqual([1, -2.5, 1000, null, true])
})
