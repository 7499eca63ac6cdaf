import { expect, test } from 'vitest'
import { FigureHistory, type JobFigures } from './figure-history.ts'

function figures(number: number): JobFigures {
  return {
    lagMs: number,
    rowsPerSecond: number * 2,
    transactionsPerSecond: number * 3,
    bytesPerSecond: number * 4,
    backlogBytes: null,
  }
}

const small = { stepMs: 5_000, steps: 3, mostJobs: 2 }

test('of more samples than are kept the newest are told, the oldest first', () => {
  const history = new FigureHistory(small)
  for (let at = 1; at <= 5; at += 1) history.sample(at * 1_000, new Map([['j', figures(at)]]))
  expect(history.read('j')).toEqual({
    stepMs: 5_000,
    at: [3_000, 4_000, 5_000],
    lagMs: [3, 4, 5],
    rowsPerSecond: [6, 8, 10],
    transactionsPerSecond: [9, 12, 15],
    bytesPerSecond: [12, 16, 20],
    backlogBytes: [null, null, null],
  })
})

test('a job begins with its first sample, and what is not known of it later is a gap', () => {
  const history = new FigureHistory(small)
  history.sample(1_000, new Map([['a', figures(1)]]))
  history.sample(
    2_000,
    new Map([
      ['a', figures(2)],
      ['b', figures(7)],
    ]),
  )
  history.sample(
    3_000,
    new Map([
      ['a', null],
      ['b', figures(8)],
    ]),
  )
  expect(history.read('a')).toMatchObject({ at: [1_000, 2_000, 3_000], lagMs: [1, 2, null] })
  expect(history.read('b')).toMatchObject({ at: [2_000, 3_000], lagMs: [7, 8] })
  expect(history.read('nobody')).toMatchObject({ at: [], lagMs: [] })
})

test('a job that is gone is forgotten, and its place is free for another one', () => {
  const history = new FigureHistory(small)
  history.sample(
    1_000,
    new Map([
      ['a', figures(1)],
      ['b', figures(1)],
      ['c', figures(1)],
    ]),
  )
  expect(history.read('c').at).toEqual([])
  history.sample(
    2_000,
    new Map([
      ['b', figures(1)],
      ['c', figures(5)],
    ]),
  )
  expect(history.read('c')).toMatchObject({ at: [2_000], lagMs: [5] })
  history.sample(3_000, new Map([['a', figures(9)]]))
  expect(history.read('a')).toMatchObject({ at: [3_000], lagMs: [9] })
})
