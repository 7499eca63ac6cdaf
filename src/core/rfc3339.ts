/**
 * Instants as RFC 3339 writes them, and nothing looser: `2026-03-29T03:00:00+02:00`.
 *
 * Easy to get wrong: `Date.parse` accepts February 30 and a dozen other shapes. Here a date must exist, the time needs
 * its seconds and the offset must be there. A leap second (`:60`) is refused, as Go's `time.RFC3339` does: it has no
 * place in epoch milliseconds.
 */
import { dateOfDay, dayMs, dayNumber, daysInMonth, hourMs, minuteMs, secondMs } from './calendar.ts'

const shape = /^(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:\.(\d+))?(?:[Zz]|([+-])(\d\d):(\d\d))$/

/**
 * Reads a timestamp. Digits beyond the millisecond are cut off.
 *
 * @returns epoch milliseconds, or null when `text` is not RFC 3339 or names a moment that does not exist
 */
export function parseRfc3339(text: string): number | null {
  const match = shape.exec(text)
  if (match === null) return null
  const part = (index: number) => Number(match[index] ?? 0)
  const [year, month, day, hour, minute, second] = [part(1), part(2), part(3), part(4), part(5), part(6)]
  const [offsetHour, offsetMinute] = [part(9), part(10)]
  if (month < 1 || month > 12 || day < 1 || day > daysInMonth(year, month)) return null
  if (hour > 23 || minute > 59 || second > 59 || offsetHour > 23 || offsetMinute > 59) return null
  const milliseconds = Number((match[7] ?? '').slice(0, 3).padEnd(3, '0'))
  const localMs =
    dayNumber(year, month, day) * dayMs + hour * hourMs + minute * minuteMs + second * secondMs + milliseconds
  const offsetMs = (match[8] === '-' ? -1 : 1) * (offsetHour * hourMs + offsetMinute * minuteMs)
  return localMs - offsetMs
}

/**
 * Writes an instant, with milliseconds only when there are any. An offset of zero is `Z`.
 *
 * @param atMs epoch milliseconds, in the years 0 to 9999
 * @param offsetMinutes how far local time is ahead of UTC
 * @throws RangeError when the year does not fit in four digits
 */
export function formatRfc3339(atMs: number, offsetMinutes = 0): string {
  const localMs = Math.floor(atMs) + offsetMinutes * minuteMs
  const day = Math.floor(localMs / dayMs)
  const { year, month, day: dayOfMonth } = dateOfDay(day)
  if (!(year >= 0 && year <= 9999)) throw new RangeError(`${atMs} ms is outside the years 0 to 9999 of RFC 3339`)
  const ofDayMs = localMs - day * dayMs
  const milliseconds = ofDayMs % secondMs
  const time = [ofDayMs / hourMs, (ofDayMs % hourMs) / minuteMs, (ofDayMs % minuteMs) / secondMs].map(twoDigits)
  const fraction = milliseconds === 0 ? '' : `.${String(milliseconds).padStart(3, '0')}`
  const date = `${String(year).padStart(4, '0')}-${twoDigits(month)}-${twoDigits(dayOfMonth)}`
  return `${date}T${time.join(':')}${fraction}${formatOffset(offsetMinutes)}`
}

function formatOffset(offsetMinutes: number): string {
  if (offsetMinutes === 0) return 'Z'
  const size = Math.abs(offsetMinutes)
  return `${offsetMinutes < 0 ? '-' : '+'}${twoDigits(size / 60)}:${twoDigits(size % 60)}`
}

function twoDigits(value: number): string {
  return String(Math.floor(value)).padStart(2, '0')
}
