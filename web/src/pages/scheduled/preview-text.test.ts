import { expect, test } from 'vitest'
import { changeText, localText } from './preview-text.ts'

test.each([
  ['2026-03-29T03:00:00', 'Sun 2026-03-29 03:00:00'],
  ['2026-11-23 09:15:30', 'Mon 2026-11-23 09:15:30'],
  ['2026-11-23T09:15:30+01:00', 'Mon 2026-11-23 09:15:30'],
  ['soon', 'soon'],
])('the wall clock %s is shown as %s', (local, text) => {
  expect(localText(local)).toBe(text)
})

test('a change of the clocks is told in words, also one that this page does not know', () => {
  expect(changeText(null)).toBeNull()
  expect(changeText('skipped')?.text).toContain('forward')
  expect(changeText('repeated')?.text).toContain('back')
  expect(changeText('shifted')?.text).toBe('shifted')
})
