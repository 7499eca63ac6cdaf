import { expect, test } from 'vitest'
import { Hearing } from './hearing.ts'

test('time counts while our own heartbeats come back', () => {
  const hearing = new Hearing(2_000, 0)
  for (let nowMs = 0; nowMs <= 10_000; nowMs += 1_000) hearing.noteEcho(nowMs)
  expect(hearing.heardMs(10_500)).toBe(10_500)
  expect(hearing.deafMs(10_500)).toBe(500)
})

test('of a time in which nothing was heard only the beginning counts', () => {
  const hearing = new Hearing(2_000, 0)
  hearing.noteEcho(0)
  hearing.noteEcho(1_000)
  expect(hearing.heardMs(60_000)).toBe(3_000)
  expect(hearing.deafMs(60_000)).toBe(59_000)
  expect(hearing.noteEcho(60_000)).toBe(true)
  expect(hearing.heardMs(60_500)).toBe(3_500)
})

test('before anything was heard it has been deaf since it began', () => {
  expect(new Hearing(2_000, 5_000).deafMs(9_000)).toBe(4_000)
})
