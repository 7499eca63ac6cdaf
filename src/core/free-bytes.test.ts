import { expect, test } from 'vitest'
import { freeBytes } from './free-bytes.ts'

test('memory of its own is freed, and views of it are empty', () => {
  const bytes = Buffer.allocUnsafeSlow(100_000)
  const view = bytes.subarray(10, 20)
  freeBytes(bytes)
  expect([bytes.length, view.length]).toEqual([0, 0])
  freeBytes(bytes)
})

test('a part of something larger stays', () => {
  const whole = Buffer.alloc(100, 7)
  freeBytes(whole.subarray(0, 99))
  freeBytes(whole.subarray(1))
  expect(whole.every((byte) => byte === 7)).toBe(true)
})
