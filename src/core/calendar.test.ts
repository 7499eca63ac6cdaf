import fc from 'fast-check'
import { expect, test } from 'vitest'
import { dateOfDay, dayMs, dayNumber, daysInMonth, weekdayOf } from './calendar.ts'

const anyDay = fc.integer({ min: -719_162, max: 2_932_896 })

test('a day number and its date say the same as Date', () => {
  fc.assert(
    fc.property(anyDay, (day) => {
      const date = new Date(day * dayMs)
      const expected = { year: date.getUTCFullYear(), month: date.getUTCMonth() + 1, day: date.getUTCDate() }
      expect(dateOfDay(day)).toEqual(expected)
      expect(dayNumber(expected.year, expected.month, expected.day)).toBe(day)
      expect(weekdayOf(day)).toBe(date.getUTCDay())
    }),
  )
})

test('a month has as many days as there are before the next one', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 9999 }), fc.integer({ min: 1, max: 11 }), (year, month) => {
      expect(daysInMonth(year, month)).toBe(dayNumber(year, month + 1, 1) - dayNumber(year, month, 1))
    }),
  )
})
