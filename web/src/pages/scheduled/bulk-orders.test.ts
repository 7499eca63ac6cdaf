import { expect, test } from 'vitest'
import { bulkOrders, progressText } from './bulk-orders.ts'

const [order] = bulkOrders.filter(({ key }) => key === 'disable')

test.each([
  [82, 0, false, '82 jobs disabled, 9,918 to go'],
  [82, 1, true, '82 jobs disabled, 1 failed, 9,917 not reached'],
  [9_999, 1, true, '9,999 jobs disabled, 1 failed'],
  [10_000, 0, true, '10,000 jobs disabled'],
])('%d done and %d failed, over: %j, is told as %j', (done, failures, isOver, text) => {
  if (order === undefined) throw new Error('there is no such order')
  const failed = Array.from({ length: failures }, () => ({ name: 'a', message: 'no leader now' }))
  expect(progressText(order, { done, failed, total: 10_000 }, isOver)).toBe(text)
})
