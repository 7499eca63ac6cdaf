import { expect, test } from 'vitest'
import { parseRfc3339 } from '../../core/rfc3339.ts'
import { previewFires } from './fire-preview.ts'
import { parseSchedule } from './parse-schedule.ts'

const berlin = 'Europe/Berlin'

function preview(spec: string, from: string, count: number, zone = berlin): readonly string[] {
  const fromMs = parseRfc3339(from) ?? 0
  const fires = previewFires(parseSchedule(spec), { zone, anchorMs: fromMs }, fromMs, count)
  return fires.map(({ atMs, offsetMs, change }) => {
    const local = new Date(atMs + offsetMs).toISOString().slice(5, 16).replace('T', ' ')
    return change === null ? local : `${local} ${change.kind}`
  })
}

// Berlin: on 29 March 2026 from 02:00 to 03:00, on 25 October 2026 from 03:00 to 02:00.
test.each([
  [
    'a time that is skipped',
    '30 2 * * *',
    '2026-03-27T12:00:00Z',
    ['03-28 02:30', '03-29 03:00 skipped', '03-30 02:30'],
  ],
  ['a time after the gap', '0 5 * * *', '2026-03-27T12:00:00Z', ['03-28 05:00', '03-29 05:00 forward', '03-30 05:00']],
  [
    'an interval over the gap',
    '*/30 * * * *',
    '2026-03-29T00:15:00Z',
    ['03-29 01:30', '03-29 03:00 left-out', '03-29 03:30'],
  ],
  [
    'steps within the gap',
    '*/30 2 * * *',
    '2026-03-28T12:00:00Z',
    ['03-30 02:00 left-out', '03-30 02:30', '03-31 02:00'],
  ],
  ['a time that comes twice', '30 2 * * *', '2026-10-24T12:00:00Z', ['10-25 02:30 once', '10-26 02:30 back']],
  [
    'an interval in the hour that comes twice',
    '*/30 * * * *',
    '2026-10-24T23:45:00Z',
    ['10-25 02:00', '10-25 02:30', '10-25 02:00 repeated', '10-25 02:30 repeated', '10-25 03:00'],
  ],
  [
    'an interval since creation',
    '@every 12h',
    '2026-03-28T12:00:00Z',
    ['03-29 01:00', '03-29 14:00 forward', '03-30 02:00'],
  ],
  ['a week', '0 5 * * 3', '2026-03-28T12:00:00Z', ['04-01 05:00 forward', '04-08 05:00']],
  ['once', '@at 2026-07-01T10:00:00Z', '2026-03-28T12:00:00Z', ['07-01 12:00']],
  ['a rare day', '0 0 29 2 *', '2026-03-28T12:00:00Z', ['02-29 00:00', '02-29 00:00']],
] as const)('%s', (_what, spec, from, expected) => {
  expect(preview(spec, from, expected.length)).toEqual(expected)
})

test('a zone whose clock never changes has no marks, and nobody runs a manual schedule', () => {
  expect(preview('30 2 * * *', '2026-03-27T12:00:00Z', 3, 'UTC')).toEqual(['03-28 02:30', '03-29 02:30', '03-30 02:30'])
  expect(preview('@manually', '2026-03-27T12:00:00Z', 3)).toEqual([])
})

test('the jump is told with both its local times', () => {
  const fromMs = parseRfc3339('2026-03-28T12:00:00Z') ?? 0
  const [fire] = previewFires(parseSchedule('30 2 * * *'), { zone: berlin, anchorMs: 0 }, fromMs, 1)
  expect(fire?.change?.jump).toEqual({
    atMs: Date.UTC(2026, 2, 29, 1),
    fromLocalMs: Date.UTC(2026, 2, 29, 2),
    toLocalMs: Date.UTC(2026, 2, 29, 3),
  })
})
