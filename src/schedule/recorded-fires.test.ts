import { expect, test } from 'vitest'
import { sampleJob } from '../../test/doubles/samples.ts'
import type { FireRecord } from './ports.ts'
import { RecordedFires } from './recorded-fires.ts'
import { scheduledOrder } from './start-order.ts'

function record(second: number, ...names: readonly string[]): FireRecord {
  const jobs = names.map((name) => ({ nodeNames: ['a'], order: scheduledOrder(sampleJob({ name }), second * 1_000) }))
  return { second, jobs }
}

test('knows each job of each second, in whatever order the records come', () => {
  const recorded = new RecordedFires()
  for (const one of [record(7, 'a'), record(5, 'a', 'b'), record(6, 'b'), record(6, 'a')]) recorded.note(one)
  recorded.note(record(5, 'a', 'b'))
  const found = [4, 5, 6, 7, 8].map((second) => [recorded.has('a', second), recorded.has('b', second)])
  expect(found).toEqual([
    [false, false],
    [true, true],
    [true, true],
    [true, false],
    [false, false],
  ])
})
