import { expect, test } from 'vitest'
import { columnsOf, type History, historyOf, merged, type Point, withPoint } from './history.ts'

const point = (atMs: number, lag: number | null = 0): Point => ({
  atMs,
  lag,
  rows: 1,
  transactions: 2,
  bytes: 3,
  backlog: null,
})
const history = (...at: number[]): History => ({ stepMs: 5_000, points: at.map((ms) => point(ms)) })
const times = ({ points }: History) => points.map(({ atMs }) => atMs)

test('the arrays of the wire become points', () => {
  const wire = {
    step_ms: 5000,
    at: ['2026-01-01T00:00:00.000Z', 1_767_225_605_000],
    lag_ms: [12, null],
    rows: [1, 2],
    transactions: [3, 4],
    bytes: [5, 6],
    backlog_bytes: [null, 7],
  }
  expect(historyOf(wire).points).toEqual([
    { atMs: 1_767_225_600_000, lag: 12, rows: 1, transactions: 3, bytes: 5, backlog: null },
    { atMs: 1_767_225_605_000, lag: null, rows: 2, transactions: 4, bytes: 6, backlog: 7 },
  ])
})

test('reports within a step replace each other, the newest stays', () => {
  const grown = [6000, 7000, 8000, 11_000].reduce((all, at) => withPoint(all, point(at)), history(0, 5000))
  expect(times(grown)).toEqual([0, 5000, 8000, 11_000])
})

test('a report that was seen already changes nothing', () => {
  const seen = history(0, 5000)
  expect(withPoint(seen, point(5000))).toBe(seen)
  expect(withPoint(seen, point(4000))).toBe(seen)
})

test('after an hour the oldest points go', () => {
  expect(times(withPoint(history(0, 5000), point(3_603_000)))).toEqual([5000, 3_603_000])
})

test('what the agent remembers goes on with what the page has seen since', () => {
  expect(times(merged(history(0, 5000, 10_000), history(4000, 9000, 16_000)))).toEqual([0, 5000, 10_000, 16_000])
  expect(times(merged({ stepMs: 5000, points: [] }, history(4000)))).toEqual([4000])
  expect(times(merged(history(0, 5000), history(3_604_000)))).toEqual([5000, 3_604_000])
})

test('a silence is a gap in the line', () => {
  expect(columnsOf(history(0, 5000, 65_000), 'rows')).toEqual({
    at: [0, 5000, 10_000, 65_000],
    values: [1, 1, null, 1],
  })
})
