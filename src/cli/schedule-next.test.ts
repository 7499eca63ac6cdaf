import { expect, test } from 'vitest'
import { FakeClock } from '../core/clock.ts'
import { InvalidError } from '../core/errors.ts'
import { InvalidScheduleError, UnknownZoneError } from '../schedule/grammar/errors.ts'
import { readScheduleNextFlags, scheduleNext } from './schedule-next.ts'

const clock = new FakeClock(Date.parse('2026-03-28T12:00:00.750Z'))

function json(spec: string, flags: Parameters<typeof readScheduleNextFlags>[0] = {}): unknown {
  return JSON.parse(scheduleNext(spec, readScheduleNextFlags({ ...flags, json: true }), clock))
}

test('the JSON answer is an array of times with the offset of the zone', () => {
  expect(json('0 30 2 * * *', { zone: 'Europe/Berlin', count: '2' })).toEqual([
    '2026-03-29T03:00:00+02:00',
    '2026-03-30T02:30:00+02:00',
  ])
})

test('without flags it is five fires from now in UTC', () => {
  expect(json('@hourly')).toEqual(['13', '14', '15', '16', '17'].map((hour) => `2026-03-28T${hour}:00:00Z`))
})

test('a zone in the schedule wins over the flag', () => {
  expect(json('TZ=Asia/Kathmandu @daily', { zone: 'Europe/Berlin', count: '1' })).toEqual(['2026-03-29T00:00:00+05:45'])
})

test('the time of --from is not itself an answer', () => {
  expect(json('@daily', { from: '2026-01-01T00:00:00Z', count: '1' })).toEqual(['2026-01-02T00:00:00Z'])
  expect(json('@daily', { from: '2025-12-31T23:59:59.999Z', count: '1' })).toEqual(['2026-01-01T00:00:00Z'])
})

test('@every counts from --from', () => {
  expect(json('@every 90s', { from: '2026-01-01T00:00:00.5Z', count: '2' })).toEqual([
    '2026-01-01T00:01:30.500Z',
    '2026-01-01T00:03:00.500Z',
  ])
  expect(json('@every 1h', { count: '1' })).toEqual(['2026-03-28T13:00:00Z'])
})

test.each(['0 0 0 30 2 *', '@manually', '@at 2020-01-01T00:00:00Z'])(
  '%s never fires, which is an empty array',
  (spec) => {
    expect(json(spec)).toEqual([])
  },
)

test('@at has one fire, however many are asked for', () => {
  expect(json('@at 2026-04-01T12:00:00+02:00', { zone: 'Asia/Tokyo', count: '10' })).toEqual([
    '2026-04-01T19:00:00+09:00',
  ])
})

test('the table has a line a fire with its day and how long it is until then', () => {
  expect(scheduleNext('0 30 2 * * *', { zone: 'Europe/Berlin', count: 2 }, clock)).toBe(
    [
      'NEXT FIRE (Europe/Berlin)  DAY  AFTER',
      '2026-03-29T03:00:00+02:00  Sun  in 13h',
      '2026-03-30T02:30:00+02:00  Mon  in 1d 12h',
    ].join('\n'),
  )
})

test('the table says when there is nothing to show', () => {
  expect(scheduleNext('@manually', {}, clock)).toBe('never: @manually runs only when told to')
  expect(scheduleNext('0 0 0 30 2 *', {}, clock)).toBe('never: no time after 2026-03-28T12:00:00Z matches')
})

test.each(['', '61 * * * * *', '@every 10', 'CRON_TZ=Mars/Olympus @daily'])('%j is an error', (spec) => {
  expect(() => scheduleNext(spec, {}, clock)).toThrow(InvalidScheduleError)
})

test('an unknown zone is an error, also when the schedule names its own', () => {
  expect(() => scheduleNext('@daily', { zone: 'Mars/Olympus' })).toThrow(UnknownZoneError)
  expect(() => scheduleNext('TZ=UTC @every 1s', { zone: 'Mars/Olympus' })).toThrow(UnknownZoneError)
  expect(() => readScheduleNextFlags({ zone: 'Mars/Olympus' })).toThrow(UnknownZoneError)
})

test.each([
  { count: '0' },
  { count: '-1' },
  { count: '1.5' },
  { count: '10001' },
  { count: 'many' },
  { count: '' },
  { from: 'yesterday' },
  { from: '2026-02-30T00:00:00Z' },
  { from: '2026-01-01' },
  { from: '0000-01-01T00:00:00Z' },
  { from: '9999-12-31T23:59:59Z' },
])('the flags %j are refused', (flags) => {
  expect(() => readScheduleNextFlags(flags)).toThrow(InvalidError)
})

test('every wrong flag is named', () => {
  expect(() => readScheduleNextFlags({ count: 'x', from: 'y' })).toThrow(/--from: .*--count: /)
})

test.each([0, 1.5, Number.NaN, 20_000])('a count of %d is refused', (count) => {
  expect(() => scheduleNext('@daily', { count }, clock)).toThrow(InvalidError)
})
