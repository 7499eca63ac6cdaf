import { expect, test } from 'vitest'
import { localText } from './preview-text.ts'

test.each([
  ['2026-03-29T03:00:00', 'Sun 2026-03-29 03:00:00'],
  ['2026-11-23 09:15:30', 'Mon 2026-11-23 09:15:30'],
  ['2026-11-23T09:15:30+01:00', 'Mon 2026-11-23 09:15:30'],
  ['soon', 'soon'],
])('the wall clock %s is shown as %s', (local, text) => {
  expect(localText(local)).toBe(text)
})
