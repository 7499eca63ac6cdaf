import { expect, test } from 'vitest'
import { InvalidError } from '../../../core/errors.ts'
import { schedulePreviewJson } from './schedule-preview.ts'

const nowMs = Date.UTC(2026, 2, 27, 12)
const context = {
  nowMs,
  agentZone: 'Europe/Berlin',
  createdAt: (name: string) => (name === 'old' ? nowMs - 90_000 : null),
}

function issuesOf(body: unknown): readonly unknown[] {
  try {
    schedulePreviewJson(body, context)
    return []
  } catch (error) {
    if (error instanceof InvalidError) return error.issues.map(({ field }) => field)
    throw error
  }
}

test('a schedule is told in words and by its next times, with what the clock does', () => {
  expect(schedulePreviewJson({ schedule: '30 2 * * *', count: 3 }, context)).toEqual({
    words: 'every day at 02:30',
    time_zone: 'Europe/Berlin',
    next: [
      {
        at: '2026-03-28T01:30:00.000Z',
        local: '2026-03-28T02:30:00',
        utc_offset: '+01:00',
        change: null,
        change_text: null,
      },
      {
        at: '2026-03-29T01:00:00.000Z',
        local: '2026-03-29T03:00:00',
        utc_offset: '+02:00',
        change: 'skipped',
        change_text: 'the clock goes forward from 02:00 to 03:00: what is due in between fires now',
      },
      {
        at: '2026-03-30T00:30:00.000Z',
        local: '2026-03-30T02:30:00',
        utc_offset: '+02:00',
        change: null,
        change_text: null,
      },
    ],
  })
})

test('the zone is the one of the schedule, else of the request', () => {
  const zoneOf = (body: object) => schedulePreviewJson(body, context).time_zone
  expect(zoneOf({ schedule: 'CRON_TZ=UTC 0 5 * * *', time_zone: 'Asia/Tokyo' })).toBe('UTC')
  expect(zoneOf({ schedule: '0 5 * * *', time_zone: 'Asia/Tokyo' })).toBe('Asia/Tokyo')
  expect(schedulePreviewJson({ schedule: '0 5 * * *', time_zone: 'UTC' }, context).next[0]?.utc_offset).toBe('+00:00')
})

test('an interval counts from the creation of the job, if there is one', () => {
  const next = (body: object) => schedulePreviewJson({ ...body, count: 1 }, context).next[0]?.at
  expect(next({ schedule: '@every 1m' })).toBe('2026-03-27T12:01:00.000Z')
  expect(next({ schedule: '@every 1m', job: 'old' })).toBe('2026-03-27T12:00:30.000Z')
  expect(next({ schedule: '@every 1m', from: '2027-01-01T00:00:00Z' })).toBe('2027-01-01T00:01:00.000Z')
})

test.each([
  [{}, ['schedule']],
  [{ schedule: '61 * * * *' }, ['schedule']],
  [{ schedule: '@daily', count: 51 }, ['count']],
  [{ schedule: '@daily', time_zone: 'Mars/Base', from: 'now' }, ['time_zone', 'from']],
  [{ schedule: 'x', time_zone: 'Mars/Base' }, ['time_zone', 'schedule']],
  [{ schedule: '@daily' }, []],
])('what is wrong with %j is told by field', (body, fields) => {
  expect(issuesOf(body)).toEqual(fields)
})
