import { expect, test } from 'vitest'
import { barsOf, bucketText, totalsOf } from './timeline-bars.ts'
import { marksWithin, ranges, timelinePath } from './timeline-window.ts'
import type { TimelineBucket } from './timeline-wire.ts'

function bucket(counts: Partial<TimelineBucket> = {}): TimelineBucket {
  return { at: '2026-01-02T03:04:00Z', succeeded: 0, failed: 0, missed: 0, running: 0, due: 0, ...counts }
}

test('what went well stands above the line and what went wrong below, each side with a scale of its own', () => {
  const bars = barsOf([bucket({ succeeded: 90, running: 10 }), bucket({ failed: 1 }), bucket({ failed: 1, missed: 1 })])
  expect(bars).toEqual([
    { kind: 'succeeded', bucket: 0, from: 0, to: 0.9, isAbove: true },
    { kind: 'running', bucket: 0, from: 0.9, to: 1, isAbove: true },
    { kind: 'failed', bucket: 1, from: 0, to: 0.5, isAbove: false },
    { kind: 'failed', bucket: 2, from: 0, to: 0.5, isAbove: false },
    { kind: 'missed', bucket: 2, from: 0.5, to: 1, isAbove: false },
  ])
})

test('nothing makes no bars, not bars without a size', () => {
  expect(barsOf([])).toEqual([])
  expect(barsOf([bucket(), bucket()])).toEqual([])
})

test('a bucket is told in words, and all of them in sums', () => {
  expect(bucketText(bucket({ succeeded: 12, failed: 1 }))).toBe('12 succeeded, 1 failed')
  expect(bucketText(bucket())).toBe('nothing')
  expect(totalsOf([bucket({ due: 2 }), bucket({ due: 3, missed: 1 })])).toMatchObject({ due: 5, missed: 1, failed: 0 })
})

test('within one bucket the same is asked for, so that nothing is loaded for nothing', () => {
  const at = Date.parse('2026-01-02T03:04:00Z')
  expect(timelinePath(ranges[1], at)).toBe(
    '/ops/timeline?from=2026-01-02T02:04:00.000Z&to=2026-01-02T04:04:00.000Z&buckets=120',
  )
  expect(timelinePath(ranges[1], at + 59_999)).toBe(timelinePath(ranges[1], at))
  expect(timelinePath(ranges[1], at + 60_000)).not.toBe(timelinePath(ranges[1], at))
})

test('times below stand at round times of where the user is', () => {
  const at = (time: string) => Date.parse(`2026-01-02T${time}Z`)
  expect(marksWithin(at('03:04:00'), at('03:40:00'), 900_000, 0)).toEqual([at('03:15:00'), at('03:30:00')])
  // India is 5:30 ahead: round hours there are half hours in UTC.
  expect(marksWithin(at('03:04:00'), at('05:04:00'), 3_600_000, -330)).toEqual([at('03:30:00'), at('04:30:00')])
  expect(marksWithin(at('03:04:00'), at('03:05:00'), 900_000, 0)).toEqual([])
})
