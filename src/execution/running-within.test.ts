import { expect, test } from 'vitest'
import type { RunningExecution } from '../model/execution.ts'
import { runningWithin } from './running-within.ts'

const running = (id: number, output: string): RunningExecution => ({
  id: String(id),
  jobName: 'a',
  group: String(id),
  attempt: 1,
  nodeName: 'n',
  scheduledAt: null,
  startedAt: id,
  pid: id,
  output,
})

const bytesOf = (value: unknown) => Buffer.byteLength(JSON.stringify(value))

test('what fits stays as it is', () => {
  const all = [running(1, 'x'), running(2, 'y')]
  expect(runningWithin(all, bytesOf(all))).toEqual(all)
  expect(runningWithin([], 10)).toEqual([])
})

test('outputs lose their beginnings, and every execution is still there', () => {
  const all = Array.from({ length: 40 }, (_, n) => running(n, `${'\0'.repeat(10_000)}end`))
  const fitting = runningWithin(all, 100_000)
  expect(bytesOf(fitting)).toBeLessThanOrEqual(100_000)
  expect(fitting.map(({ id, output }) => [id, output.endsWith('end')])).toEqual(all.map(({ id }) => [id, true]))
})

test('where the executions alone are too many, the newest are told', () => {
  const fitting = runningWithin(
    Array.from({ length: 100 }, (_, n) => running(n, 'x')),
    1_000,
  )
  expect(fitting.at(-1)?.id).toBe('99')
  expect(bytesOf(fitting)).toBeLessThanOrEqual(1_000)
})
